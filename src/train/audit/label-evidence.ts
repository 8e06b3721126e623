import { ROW_COLUMNS } from '../run/row-table.js';
import type { RowHistory } from './row-history.js';

/** What a network thought of one labelled row: in every epoch that it was trained on it, or in one look. */
export interface LabelEvidence {
  readonly id: string;
  /** Class index. */
  readonly given: number;
  /** Mean over the looks of ln((1 - p_GT) / p_GT): the odds that the label is another than the one given. */
  readonly logOdds: number;
  /**
   * Mean posteriors. A run keeps those of the given label and, where that was not predicted, of the class that was; what it does not know is 0, so
   * that they may add up to less than 1. [C]
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

/** What a run's epochs say of the rows it was trained on. Rows without a label and rows that were never drawn are left out. */
export function evidenceOfRun({ labels, rows, given, epochs, values }: RowHistory): LabelEvidence[] {
  return rows.flatMap((id, row) => {
    const own = given[row]!;
    const posteriors = new Float64Array(labels.length);
    let [logOdds, nearest, disagreed, looks] = [0, 0, 0, 0];
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const at = (epoch * rows.length + row) * ROW_COLUMNS;
      const [truth, other, predicted] = [values[at]!, values[at + 1]!, values[at + 2]!];
      if (own < 0 || Number.isNaN(predicted)) continue;
      looks += 1;
      logOdds += logOddsOf(truth);
      nearest += other;
      posteriors[own]! += truth;
      if (predicted === own) continue;
      disagreed += 1;
      posteriors[predicted]! += other;
    }
    if (looks === 0) return [];
    return [{ id, given: own, logOdds: logOdds / looks, posteriors: posteriors.map((sum) => sum / looks), nearest: nearest / looks, disagreed: disagreed / looks, looks }];
  });
}

/** What one look says. @param posteriors over all classes [C] */
export function evidenceOfLook(id: string, given: number, posteriors: Float64Array): LabelEvidence {
  const nearest = posteriors.reduce((most, p, k) => (k === given ? most : Math.max(most, p)), 0);
  return { id, given, logOdds: logOddsOf(posteriors[given]!), posteriors, nearest, disagreed: nearest > posteriors[given]! ? 1 : 0, looks: 1 };
}
