/**
 * How close the nearest negative comes to the winner, p2 / p1: 0 clear, 1 tie. NAW weighs its training samples
 * in the same plane (s = (p_GT, p_NN)), with the winner in place of the unknown truth.
 */
export function ambiguity(posteriors: ArrayLike<number>): number {
  let first = 0;
  let second = 0;
  for (let k = 0; k < posteriors.length; k += 1) {
    const p = posteriors[k]!;
    if (p > first) [first, second] = [p, first];
    else if (p > second) second = p;
  }
  return first > 0 ? second / first : 1;
}
