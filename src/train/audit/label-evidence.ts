import { ROW_COLUMNS } from '../records/epoch-tables.js';
import type { RowHistory } from './row-history.js';

/** A network's posteriors of one labelled row: in every epoch that drew it, or in a single look. */
export interface LabelEvidence {
  readonly id: string;
  /** Class index. */
  readonly given: number;
  /** Mean over the looks of ln((1 - p_GT) / p_GT): the odds that the label is another than the one given. */
  readonly logOdds: number;
  /**
   * Mean posteriors. A run keeps those of the given label and of the best other class, which it names only where that is predicted; elsewhere it is
   * taken to be the one that has most in the other epochs. What a run does not know is 0, so that they may add up to less than 1. [C]
   */
  readonly posteriors: Float64Array;
  /** Mean p_NN. */
  readonly nearest: number;
  /** Share of the looks in which another class was predicted. */
  readonly disagreed: number;
  /** Epochs in which it was drawn; 1 for a single look. */
  readonly looks: number;
}

/** Posteriors are held this far from 0 and 1, so that a single epoch cannot decide. */
const SURE = 1e-4;

function logOddsOf(truth: number): number {
  return Math.log((1 - truth + SURE) / (truth + SURE));
}

/** Evidence from the epochs of a run. Rows without a label and rows never drawn are left out. */
export function evidenceOfRun({ labels, rows, given, epochs, values }: RowHistory): LabelEvidence[] {
  return rows.flatMap((id, row) => {
    const own = given[row]!;
    const sums = new Float64Array(labels.length);
    let [logOdds, nearest, disagreed, looks, unnamed] = [0, 0, 0, 0, 0];
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const at = (epoch * rows.length + row) * ROW_COLUMNS;
      const [truth, other, predicted] = [values[at]!, values[at + 1]!, values[at + 2]!];
      if (own < 0 || Number.isNaN(predicted)) continue;
      looks += 1;
      logOdds += logOddsOf(truth);
      nearest += other;
      sums[own]! += truth;
      if (predicted === own) unnamed += other;
      else {
        disagreed += 1;
        sums[predicted]! += other;
      }
    }
    if (looks === 0) return [];
    const rival = sums.reduce((best, sum, k) => (k !== own && sum > (best < 0 ? 0 : sums[best]!) ? k : best), -1);
    if (rival >= 0) sums[rival]! += unnamed;
    return [
      {
        id,
        given: own,
        logOdds: logOdds / looks,
        posteriors: sums.map((sum) => sum / looks),
        nearest: nearest / looks,
        disagreed: disagreed / looks,
        looks,
      },
    ];
  });
}

/** Evidence from a single look. @param posteriors over all classes [C] */
export function evidenceOfLook(id: string, given: number, posteriors: Float64Array): LabelEvidence {
  const nearest = posteriors.reduce((most, p, k) => (k === given ? most : Math.max(most, p)), 0);
  return {
    id,
    given,
    logOdds: logOddsOf(posteriors[given]!),
    posteriors,
    nearest,
    disagreed: nearest > posteriors[given]! ? 1 : 0,
    looks: 1,
  };
}
