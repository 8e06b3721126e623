/** Rounds of the estimate at most, and the change at which it has settled. */
const ROUNDS = 1000;
const SETTLED = 1e-7;

/**
 * The share r of wrong labels that agrees with itself: every label is either right, and has the likelihood p_GT, or drawn from the other classes alike, and has
 * (1 - p_GT) / (C - 1); r is the mean of the probabilities r (1 - p_GT) / (C - 1) / (r (1 - p_GT) / (C - 1) + (1 - r) p_GT) of being wrong. Found by
 * expectation maximisation (Dempster, Laird and Rubin 1977).
 *
 * It counts on posteriors that are as sure as they are right, of a model that has not been trained on these labels: one that has takes the wrong ones for likely.
 * @param truths p_GT [N]
 * @returns 0 without labels
 */
export function shareOfWrong(truths: readonly number[], classCount: number): number {
  let share = 0.1;
  for (let round = 0; round < ROUNDS && truths.length > 0; round += 1) {
    const before = share;
    let sum = 0;
    for (const truth of truths) {
      const wrong = (before * (1 - truth)) / (classCount - 1);
      const right = (1 - before) * truth;
      sum += wrong + right === 0 ? 0 : wrong / (wrong + right);
    }
    share = sum / truths.length;
    if (Math.abs(share - before) < SETTLED) break;
  }
  return truths.length === 0 ? 0 : share;
}
