import type { ConfusionMatrix } from './confusion-matrix.js';

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
