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
export function runningAverage(
  before: RunningAverage | null,
  posteriors: Float32Array,
  timestamp: number,
  tau: number,
): RunningAverage {
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
