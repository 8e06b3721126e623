import { FerError } from '../../errors/fer-error.js';

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
