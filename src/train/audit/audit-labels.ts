import { FerError } from '../../errors/fer-error.js';
import { predictedClasses } from '../metrics/classification-metrics.js';
import type { LabelEvidence } from './label-evidence.js';

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

/** One audited label. */
export interface AuditedLabel {
  readonly id: string;
  /** Class indices: the label, and the class with the largest mean posterior, which may be the same. */
  readonly given: number;
  readonly suggested: number;
  /** How likely the label is wrong, from 0 to 1. */
  readonly score: number;
  /** True for those that `fer train --exclude` leaves out. */
  readonly isSuspect: boolean;
  /** Means of p_GT and p_NN. */
  readonly truth: number;
  readonly nearest: number;
  /** Share of the looks in which another class was predicted. */
  readonly disagreed: number;
  readonly looks: number;
}

export interface LabelAudit {
  readonly labels: readonly string[];
  /** The most suspicious first. */
  readonly rows: readonly AuditedLabel[];
  /** Why no label is called wrong: the network is too weak to judge. Null where it can. */
  readonly distrust: string | null;
  /** Labels expected to be wrong; 0 where the network is too weak to judge. */
  readonly expectedWrong: number;
  /** The same by class: share of the labels of that name that should be another; null where there are none. [C] */
  readonly noiseRates: readonly (number | null)[];
  /** counts[given][suggested] [C][C] */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Ranks labels by how little a network believes them: by the mean over all looks of the log odds ln((1 - p_GT) / p_GT). The score is the logistic function of
 * these, all shifted alike so that the mean score is the share of wrong labels. As many as are expected to be wrong are suspects: the first of the ranking
 * for which another class is suggested.
 * @param share of wrong labels; the rates of the classes are then their mean scores. If left out, confident learning estimates all of them
 * @param distrust why the network cannot judge them: the ranking stays, but no label is called wrong
 */
export function auditLabels(
  evidence: readonly LabelEvidence[],
  labels: readonly string[],
  share: number | null = null,
  distrust: string | null = null,
): LabelAudit {
  const given = evidence.map((one) => one.given);
  const posteriors = evidence.map((one) => one.posteriors);
  const learnt = confidentLearning(posteriors, given, labels.length);
  const estimated = share === null ? learnt.expectedWrong : share * evidence.length;
  const expectedWrong = distrust === null ? estimated : 0;
  const suggested = predictedClasses(posteriors);
  const scores = scoresWithMean(
    evidence.map(({ logOdds }) => logOdds),
    expectedWrong / evidence.length,
  );
  const ranked = evidence
    .map(({ id, nearest, disagreed, looks, ...one }, i) => ({
      id,
      given: one.given,
      suggested: suggested[i]!,
      score: scores[i]!,
      truth: one.posteriors[one.given]!,
      nearest,
      disagreed,
      looks,
    }))
    .sort((a, b) => b.score - a.score);
  let left = Math.round(expectedWrong);
  const rows = ranked.map((row) => {
    const isSuspect = left > 0 && row.suggested !== row.given;
    if (isSuspect) left -= 1;
    return { ...row, isSuspect };
  });
  const confusion = labels.map(() => labels.map(() => 0));
  for (const row of rows) confusion[row.given]![row.suggested]! += 1;
  const noiseRates =
    share === null ? learnt.noiseRates : labels.map((_, k) => meanScore(rows.filter((row) => row.given === k)));
  return {
    ...{ labels, rows, distrust, expectedWrong, confusion },
    noiseRates: distrust === null ? noiseRates : labels.map(() => null),
  };
}

function meanScore(rows: readonly AuditedLabel[]): number | null {
  return rows.length === 0 ? null : rows.reduce((sum, { score }) => sum + score, 0) / rows.length;
}

/** Log odds as probabilities, after a shift that gives them the mean wanted, which is kept half a sample away from 0 and 1. [N] -> [N] */
export function scoresWithMean(logOdds: readonly number[], mean: number): number[] {
  const half = 0.5 / logOdds.length;
  const wanted = Math.min(1 - half, Math.max(half, mean));
  const shifted = (shift: number): number[] => logOdds.map((odds) => 1 / (1 + Math.exp(-odds - shift)));
  // The mean grows with the shift: halve the interval until it is found.
  let [low, high] = [-60, 60];
  for (let i = 0; i < 50; i += 1) {
    const middle = (low + high) / 2;
    if (shifted(middle).reduce((sum, score) => sum + score, 0) / logOdds.length < wanted) low = middle;
    else high = middle;
  }
  return shifted((low + high) / 2);
}
