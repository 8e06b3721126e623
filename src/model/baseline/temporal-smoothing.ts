import type { Clip } from '../expression-model.js';

/**
 * Posteriors of observations from..to-1, each the average of its neighbours in the clip weighted by a Gaussian of the
 * distance in time. Averaging posteriors (not logits) keeps one confident frame from outvoting its neighbours.
 *
 * @param clip `features` are posteriors over the classes. [T][C]
 * @param sigma seconds; 0 returns the posteriors as they are.
 * @returns [to - from][C], each summing to 1
 */
export function smoothPosteriors({ features, timestamps, from, to }: Clip, sigma: number): Float32Array[] {
  return features.slice(from, to).map((own, offset) => {
    if (sigma === 0) return own;
    const centre = timestamps[from + offset]!;
    const smoothed = new Float32Array(own.length);
    let total = 0;
    for (const [t, posteriors] of features.entries()) {
      const distance = (timestamps[t]! - centre) / sigma;
      const weight = Math.exp(-0.5 * distance * distance);
      total += weight;
      for (let k = 0; k < smoothed.length; k += 1) smoothed[k]! += weight * posteriors[k]!;
    }
    return smoothed.map((p) => p / total);
  });
}
