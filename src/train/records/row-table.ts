import { temperedPosteriors } from '../metrics/calibration.js';

/** Columns of the table: p_GT, p_NN, predicted class. */
export const ROW_COLUMNS = 3;

/**
 * How each row was seen in an epoch, which costs nothing as the logits are there anyhow: the posterior of its label (p_GT), the largest of the others
 * (p_NN), and the class predicted. NaN where a row was not drawn or has no label.
 */
export class RowTable {
  /** [R, 3] */
  readonly values: Float32Array;

  constructor(
    private readonly labels: Int32Array,
    private readonly classCount: number,
  ) {
    this.values = new Float32Array(labels.length * ROW_COLUMNS).fill(NaN);
  }

  /** @param rows of the samples [N]; @param logits [N, C] */
  put(rows: Int32Array, logits: Float32Array): void {
    const list = Array.from(rows, (_, i) => logits.subarray(i * this.classCount, (i + 1) * this.classCount));
    temperedPosteriors(list, 1).forEach((posteriors, i) => {
      const row = rows[i]!;
      const label = this.labels[row]!;
      if (label < 0) return;
      let predicted = 0;
      let nearest = 0;
      posteriors.forEach((posterior, k) => {
        if (posterior > posteriors[predicted]!) predicted = k;
        if (k !== label && posterior > nearest) nearest = posterior;
      });
      this.values.set([posteriors[label]!, nearest, predicted], row * ROW_COLUMNS);
    });
  }

  /** Share of the rows seen whose label was predicted; 0 without any. */
  accuracy(): number {
    let seen = 0;
    let right = 0;
    this.labels.forEach((label, row) => {
      const predicted = this.values[row * ROW_COLUMNS + 2]!;
      if (Number.isNaN(predicted)) return;
      seen += 1;
      if (predicted === label) right += 1;
    });
    return seen === 0 ? 0 : right / seen;
  }
}
