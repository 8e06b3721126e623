import { FerError } from '../../errors/fer-error.js';

/** How many labels of each class seem wrong, and which class they should be. Rows without samples are zero, or null. */
export interface ConfidentLearning {
  /** t_j: mean posterior of class j over the samples labelled j, its mean self-confidence; Infinity for a class nobody has. [C] */
  readonly thresholds: readonly number[];
  /** counts[given][true]: samples given the one that are confidently the other, before scaling. [C][C] */
  readonly confidentJoint: readonly (readonly number[])[];
  /** The same scaled so that each row adds up to the samples given that label: the joint distribution of given and true labels, times N. [C][C] */
  readonly joint: readonly (readonly number[])[];
  /** Share of the samples given a label whose true label is another. [C] */
  readonly noiseRates: readonly (number | null)[];
  /** Labels expected to be wrong, of all N. */
  readonly expectedWrong: number;
}

/**
 * Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021, sections 3.1 and
 * 3.2): a sample given i counts as truly j where p_j >= t_j, j being the largest of those that reach their threshold; one that
 * reaches none is not counted. A class with samples of which none is confidently its own counts one as right, so that its rate stays below 1.
 *
 * The method is made for posteriors of networks that have not been trained on the samples. Of one that has, it finds too few.
 * @param posteriors of every sample; where only some classes are known, 0 for the others [N][C]
 * @param given class indices [N]
 * @throws FerError CONFIG_INVALID for lists of different length or a label out of range
 */
export function confidentLearning(
  posteriors: readonly ArrayLike<number>[],
  given: ArrayLike<number>,
  classCount: number,
): ConfidentLearning {
  check(posteriors, given, classCount);
  const classes = Array.from({ length: classCount }, (_, k) => k);
  const counts = classes.map(() => 0);
  const sums = classes.map(() => 0);
  posteriors.forEach((row, i) => {
    counts[given[i]!]! += 1;
    sums[given[i]!]! += row[given[i]!]!;
  });
  const thresholds = classes.map((k) => (counts[k] === 0 ? Infinity : sums[k]! / counts[k]!));
  const confidentJoint = classes.map(() => classes.map(() => 0));
  posteriors.forEach((row, i) => {
    const certain = classes.filter((k) => row[k]! >= thresholds[k]!);
    if (certain.length === 0) return;
    const believed = certain.reduce((best, k) => (row[k]! > row[best]! ? k : best));
    confidentJoint[given[i]!]![believed]! += 1;
  });
  const joint = confidentJoint.map((row, i) => {
    const atLeastOne = row.map((count, j) => (i === j && counts[i]! > 0 ? Math.max(1, count) : count));
    const sum = atLeastOne.reduce((a, b) => a + b, 0);
    return atLeastOne.map((count) => (sum === 0 ? 0 : (count / sum) * counts[i]!));
  });
  const wrong = joint.map((row, i) => row.reduce((sum, count, j) => sum + (i === j ? 0 : count), 0));
  return {
    ...{ thresholds, confidentJoint, joint },
    noiseRates: wrong.map((count, i) => (counts[i] === 0 ? null : count / counts[i]!)),
    expectedWrong: wrong.reduce((a, b) => a + b, 0),
  };
}

/** Posterior of the given label: the lower, the more suspicious. [N] */
export function selfConfidence(posteriors: readonly ArrayLike<number>[], given: ArrayLike<number>): number[] {
  return posteriors.map((row, i) => row[given[i]!]!);
}

/** Posterior of the given label less the largest of the others, from -1 to 1: the lower, the more suspicious. [N] */
export function normalisedMargin(posteriors: readonly ArrayLike<number>[], given: ArrayLike<number>): number[] {
  return posteriors.map((row, i) => {
    let nearest = 0;
    for (let k = 0; k < row.length; k += 1) if (k !== given[i]) nearest = Math.max(nearest, row[k]!);
    return row[given[i]!]! - nearest;
  });
}

function check(posteriors: readonly ArrayLike<number>[], given: ArrayLike<number>, classCount: number): void {
  if (posteriors.length !== given.length)
    throw new FerError(
      'CONFIG_INVALID',
      `confident learning: ${posteriors.length} posteriors but ${given.length} labels`,
    );
  const wrong = Array.from(given).findIndex(
    (label, i) => !Number.isInteger(label) || label < 0 || label >= classCount || posteriors[i]!.length !== classCount,
  );
  if (wrong >= 0)
    throw new FerError(
      'CONFIG_INVALID',
      `confident learning: sample ${wrong} has label ${given[wrong]!} and ${posteriors[wrong]!.length} posteriors; with ${classCount} classes its label must be 0 to ${classCount - 1}`,
    );
}
