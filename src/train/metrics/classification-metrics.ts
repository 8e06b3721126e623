import { FerError } from '../../errors/fer-error.js';

/**
 * Area under the ROC curve: the probability that a random positive scores higher than a random negative, a tie
 * counting half (Mann-Whitney U over the number of pairs), from the ranks in O(N log N).
 * @param scores higher for what is taken to be positive [N]
 * @param positives [N]
 * @returns null without positives or without negatives
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

/** counts[truth][predicted], whole numbers; rows and columns in the order of the label set. [C][C] */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * Counts what was predicted for which truth.
 * @param truth class indices; samples whose truth is negative have no label and are left out. [N]
 * @param predicted class indices [N]
 * @throws FerError CONFIG_INVALID for lists of different length, or an index outside 0 .. classCount-1.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classCount: number,
): ConfusionMatrix {
  if (truth.length !== predicted.length) {
    throw new FerError(
      'CONFIG_INVALID',
      `confusion matrix: ${truth.length} labels but ${predicted.length} predictions`,
    );
  }
  const counts = Array.from({ length: classCount }, () => Array.from({ length: classCount }, () => 0));
  for (let i = 0; i < truth.length; i += 1) {
    if (truth[i]! < 0) continue;
    const row = counts[truth[i]!];
    if (row?.[predicted[i]!] === undefined) {
      throw new FerError(
        'CONFIG_INVALID',
        `confusion matrix: sample ${i} has label ${truth[i]!} and prediction ${predicted[i]!}; with ${classCount} classes both must be 0 to ${classCount - 1}`,
      );
    }
    row[predicted[i]!]! += 1;
  }
  return counts;
}

/** Each row divided by its sum; rows without samples are null. [C][C] */
export function normaliseRows(confusion: ConfusionMatrix): readonly (readonly number[] | null)[] {
  return confusion.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return sum === 0 ? null : row.map((count) => count / sum);
  });
}

/** The class of the largest posterior, the first of equals. [N][C] -> [N] */
export function predictedClasses(posteriors: readonly ArrayLike<number>[]): number[] {
  return posteriors.map((row) => {
    let best = 0;
    for (let k = 1; k < row.length; k += 1) if (row[k]! > row[best]!) best = k;
    return best;
  });
}

export interface ClassificationMetrics {
  /** Samples with a label. */
  readonly count: number;
  /** Share of right predictions: WAR, weighted average recall. */
  readonly accuracy: number;
  /** Mean recall over the classes that occur in the truth: UAR, unweighted average recall. */
  readonly meanClassAccuracy: number;
  /**
   * Mean F1 over all classes of the label set, a class that is neither in the truth nor predicted counting 0: the sum
   * is divided by C, as the ABAW challenge on Aff-Wild2 defines it, and as scikit-learn computes it given all labels.
   */
  readonly macroF1: number;
  /** Mean F1 over the classes that occur in the truth or among the predictions (scikit-learn without a list of labels). */
  readonly macroF1Present: number;
  /** Samples of each class in the truth. [C] */
  readonly support: readonly number[];
  /** TP / (TP + FN); null for a class that does not occur in the truth. [C] */
  readonly recall: readonly (number | null)[];
  /** TP / (TP + FP); null for a class that was never predicted. [C] */
  readonly precision: readonly (number | null)[];
  /** 2 TP / (2 TP + FP + FN); null for a class that is neither in the truth nor predicted. [C] */
  readonly f1: readonly (number | null)[];
}

/** All from the counts. Without any sample every mean is 0. */
export function classificationMetrics(confusion: ConfusionMatrix): ClassificationMetrics {
  const support = confusion.map(sum);
  const predicted = confusion.map((_, k) => sum(confusion.map((row) => row[k]!)));
  const right = confusion.map((row, k) => row[k]!);
  const recall = right.map((hits, k) => ratio(hits, support[k]!));
  const precision = right.map((hits, k) => ratio(hits, predicted[k]!));
  const f1 = right.map((hits, k) => ratio(2 * hits, support[k]! + predicted[k]!));
  const count = sum(support);
  return {
    count,
    accuracy: ratio(sum(right), count) ?? 0,
    meanClassAccuracy: meanOfPresent(recall),
    macroF1: ratio(sum(f1.map((value) => value ?? 0)), f1.length) ?? 0,
    macroF1Present: meanOfPresent(f1),
    support,
    recall,
    precision,
    f1,
  };
}

function meanOfPresent(values: readonly (number | null)[]): number {
  const present = values.filter((value) => value !== null);
  return ratio(sum(present), present.length) ?? 0;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
