import { predictedClasses } from '../metrics/classification-metrics.js';
import { confidentLearning } from './confident-learning.js';
import type { LabelEvidence } from './label-evidence.js';

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
