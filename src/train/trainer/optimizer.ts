import type { AdamState, WeightVectors } from '../records/training-state.js';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** True for AdamW. False for Adam with L2: the decay is part of the gradient and scaled with it. */
  readonly decoupled: boolean;
}

/** @param length P, the number of trained weights */
export function adamState(length: number): AdamState {
  return { first: new Float32Array(length), second: new Float32Array(length), steps: 0 };
}

/**
 * One step of Adam (Kingma and Ba, 2015, algorithm 1) or AdamW (Loshchilov and Hutter, 2019, algorithm 2), in place:
 *
 *     m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2      w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *
 * On flat arrays: a network of this size takes a millisecond, the result is the same on every engine, and the state is saved as it is in memory.
 *
 * @param weights [P]
 * @param gradient [P]
 * @param lrFactors learning rate of each weight, as a multiple of `lr` [P]
 * @param decayFactors multiple of the weight decay for each weight [P]
 */
export function adamStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  lr: number,
  { beta1, beta2, epsilon, weightDecay, decoupled }: AdamSettings,
  lrFactors: Float32Array,
  decayFactors: Float32Array,
): void {
  state.steps += 1;
  const { first, second, steps } = state;
  const correction1 = 1 - beta1 ** steps;
  const correction2 = 1 - beta2 ** steps;
  for (let i = 0; i < weights.length; i += 1) {
    const decay = weightDecay * decayFactors[i]!;
    const rate = lr * lrFactors[i]!;
    const w = weights[i]!;
    const g = decoupled ? gradient[i]! : gradient[i]! + decay * w;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const step = (rate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon);
    weights[i] = w - step - (decoupled ? rate * decay * w : 0);
  }
}

/** Euclidean norm of the whole gradient. [P] */
export function globalNorm(gradient: Float32Array): number {
  let sum = 0;
  // By index: iterating over millions of numbers takes three times as long.
  for (let i = 0; i < gradient.length; i += 1) sum += gradient[i]! * gradient[i]!;
  return Math.sqrt(sum);
}

/** Scales the gradient down, in place, to a norm of at most `maxNorm` (Pascanu et al., 2013). Returns the norm it had. */
export function clipToNorm(gradient: Float32Array, maxNorm: number): number {
  const norm = globalNorm(gradient);
  if (norm > maxNorm) {
    const factor = maxNorm / norm;
    for (let i = 0; i < gradient.length; i += 1) gradient[i]! *= factor;
  }
  return norm;
}

/**
 * Updates an exponential moving average of the weights (Polyak and Juditsky, 1992), in place. Early steps use a smaller decay, so that the
 * initial weights do not linger.
 * @param steps taken so far, including this one
 */
export function updateEma(ema: WeightVectors, weights: WeightVectors, decay: number, steps: number): void {
  const keep = Math.min(decay, (1 + steps) / (10 + steps));
  const follow = (average: Float32Array, values: Float32Array): void => {
    for (let i = 0; i < average.length; i += 1) average[i] = keep * average[i]! + (1 - keep) * values[i]!;
  };
  follow(ema.trained, weights.trained);
  follow(ema.moving, weights.moving);
}

/** Learning-rate schedule. */
export type Schedule =
  | { readonly name: 'constant' }
  /** Times `decay` after every epoch. */
  | { readonly name: 'exponential'; readonly decay: number }
  /** Half a cosine from the full rate down to the fraction `last` of it. */
  | { readonly name: 'cosine'; readonly last: number }
  /** Up over the first fraction `rise` of training, then down a cosine to almost 0 (Smith and Topin, 2018). */
  | { readonly name: 'one-cycle'; readonly rise: number };

/**
 * The factor by which the learning rate is multiplied.
 * @param progress epochs done, with fraction
 * @param warmUpEpochs first epochs, over which the factor rises linearly, with any schedule
 */
export function lrFactor(schedule: Schedule, progress: number, epochs: number, warmUpEpochs = 0): number {
  if (progress < warmUpEpochs)
    return Math.max(progress / warmUpEpochs, 1e-3) * scheduleShape(schedule, warmUpEpochs, epochs, warmUpEpochs);
  return scheduleShape(schedule, progress, epochs, warmUpEpochs);
}

function scheduleShape(schedule: Schedule, progress: number, epochs: number, warmUpEpochs: number): number {
  const fraction = Math.min(1, (progress - warmUpEpochs) / Math.max(epochs - warmUpEpochs, 1e-9));
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'exponential':
      return schedule.decay ** Math.floor(progress);
    case 'cosine':
      return schedule.last + (1 - schedule.last) * halfCosine(fraction);
    case 'one-cycle':
      return fraction < schedule.rise
        ? 0.04 + 0.96 * (1 - halfCosine(fraction / schedule.rise))
        : Math.max(1e-4, halfCosine((fraction - schedule.rise) / Math.max(1 - schedule.rise, 1e-9)));
  }
}

/** From 1 down to 0 as x goes from 0 to 1. */
function halfCosine(x: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * x));
}
