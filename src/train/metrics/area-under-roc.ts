import { FerError } from '../../errors/fer-error.js';

/**
 * Area under the ROC curve: the chance that a positive drawn at random scores higher than a negative drawn at random, a tie
 * counting half (Mann-Whitney U over the number of pairs), from the ranks in O(N log N).
 * @param scores higher for what is taken to be positive [N]
 * @param positives [N]
 * @returns null where there are no positives, or no negatives
 * @throws FerError CONFIG_INVALID for lists of different length, or a score that is not a number
 */
export function areaUnderRoc(scores: ArrayLike<number>, positives: ArrayLike<boolean>): number | null {
  if (scores.length !== positives.length)
    throw new FerError('CONFIG_INVALID', `area under ROC: ${scores.length} scores but ${positives.length} labels`);
  const order = Array.from(scores, (score, i) => ({ score, isPositive: positives[i]! })).sort(
    (a, b) => a.score - b.score,
  );
  let rankSum = 0;
  let count = 0;
  for (let from = 0; from < order.length;) {
    const { score } = order[from]!;
    if (Number.isNaN(score)) throw new FerError('CONFIG_INVALID', 'area under ROC: a score is not a number');
    let to = from;
    let tied = 0;
    for (; to < order.length && order[to]!.score === score; to += 1) if (order[to]!.isPositive) tied += 1;
    rankSum += (tied * (from + 1 + to)) / 2; // all of them have the middle of the ranks from+1 .. to
    count += tied;
    from = to;
  }
  const pairs = count * (order.length - count);
  return pairs === 0 ? null : (rankSum - (count * (count + 1)) / 2) / pairs;
}
