/**
 * Follows the weights as an exponential moving average (Polyak and Juditsky, 1992), in place. Early on it forgets faster, so that the
 * initial weights do not linger.
 * @param steps taken so far, this one included
 */
export function followWeights(average: Float32Array, weights: Float32Array, decay: number, steps: number): void {
  const keep = Math.min(decay, (1 + steps) / (10 + steps));
  for (let i = 0; i < average.length; i += 1) average[i] = keep * average[i]! + (1 - keep) * weights[i]!;
}
