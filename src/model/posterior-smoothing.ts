/** Seconds, for a model that looks at each picture alone: takes the flicker of single frames and shows a change in less than a fifth of a second. */
export const FRAME_SMOOTHING = 0.1;

/** A weighted sum of posteriors seen one after the other, and the sum of its weights. */
export interface RunningAverage {
  /** [C] */
  readonly sum: Float32Array;
  readonly weight: number;
  /** Seconds, of the latest. */
  readonly timestamp: number;
}

/**
 * Takes in the next posteriors; all before them fade by exp(-dt / tau). Only times count, so the frame rate may vary. Going backwards in time works the same.
 * @param posteriors [C]
 * @param timestamp seconds
 * @param tau seconds, above 0
 */
export function runningAverage(before: RunningAverage | null, posteriors: Float32Array, timestamp: number, tau: number): RunningAverage {
  if (before === null) return { sum: posteriors, weight: 1, timestamp };
  const fade = Math.exp(-Math.abs(timestamp - before.timestamp) / tau);
  return { sum: posteriors.map((p, k) => p + fade * before.sum[k]!), weight: 1 + fade * before.weight, timestamp };
}

/** Average of the past and the present. [C], summing to 1 */
export function averageOf({ sum, weight }: RunningAverage): Float32Array {
  return sum.map((p) => p / weight);
}

/**
 * Average of past, present and future, weighted by exp(-|dt| / tau): no delay in either direction.
 * @param own the present, which both running averages end with. [C]
 * @returns [C], summing to 1
 */
export function averageOfBoth(own: Float32Array, forward: RunningAverage, backward: RunningAverage): Float32Array {
  const weight = forward.weight + backward.weight - 1;
  return own.map((p, k) => (forward.sum[k]! + backward.sum[k]! - p) / weight);
}

/**
 * Posteriors of a whole clip, each the average of all of them weighted by exp(-|dt| / tau). Averaging posteriors (not logits) keeps one confident frame from
 * outvoting its neighbours.
 *
 * @param posteriors [T][C]
 * @param timestamps seconds, growing. [T]
 * @param tau seconds; 0 returns the posteriors as they are
 * @returns [T][C], each summing to 1
 */
export function smoothPosteriors(posteriors: readonly Float32Array[], timestamps: readonly number[], tau: number): readonly Float32Array[] {
  if (tau === 0) return posteriors;
  const forward: RunningAverage[] = [];
  for (const [t, own] of posteriors.entries()) forward.push(runningAverage(forward.at(-1) ?? null, own, timestamps[t]!, tau));
  const smoothed: Float32Array[] = [];
  let backward: RunningAverage | null = null;
  for (let t = posteriors.length - 1; t >= 0; t -= 1) {
    const own = posteriors[t]!;
    backward = runningAverage(backward, own, timestamps[t]!, tau);
    smoothed.push(averageOfBoth(own, forward[t]!, backward));
  }
  return smoothed.reverse();
}
