/** How the learning rate goes over time. */
export type Schedule =
  | { readonly name: 'constant' }
  /** Times `decay` after every epoch. */
  | { readonly name: 'exponential'; readonly decay: number }
  /** Half a cosine from the full rate down to `last` of it. */
  | { readonly name: 'cosine'; readonly last: number }
  /** Up over the first `rise` of training, then down a cosine to nothing (Smith and Topin, 2018). */
  | { readonly name: 'one-cycle'; readonly rise: number };

/**
 * The factor by which the learning rate is multiplied.
 * @param progress epochs done, with fraction
 * @param warmUpEpochs the factor rises in a straight line over these first, whatever the schedule
 */
export function scheduleFactor(schedule: Schedule, progress: number, epochs: number, warmUpEpochs = 0): number {
  if (progress < warmUpEpochs)
    return Math.max(progress / warmUpEpochs, 1e-3) * shape(schedule, warmUpEpochs, epochs, warmUpEpochs);
  return shape(schedule, progress, epochs, warmUpEpochs);
}

function shape(schedule: Schedule, progress: number, epochs: number, warmUpEpochs: number): number {
  const share = Math.min(1, (progress - warmUpEpochs) / Math.max(epochs - warmUpEpochs, 1e-9));
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'exponential':
      return schedule.decay ** Math.floor(progress);
    case 'cosine':
      return schedule.last + (1 - schedule.last) * halfCosine(share);
    case 'one-cycle':
      return share < schedule.rise
        ? 0.04 + 0.96 * (1 - halfCosine(share / schedule.rise))
        : Math.max(1e-4, halfCosine((share - schedule.rise) / Math.max(1 - schedule.rise, 1e-9)));
  }
}

/** From 1 down to 0 as x goes from 0 to 1. */
function halfCosine(x: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * x));
}
