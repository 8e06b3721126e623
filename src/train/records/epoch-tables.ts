import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import { temperedPosteriors } from '../metrics/calibration.js';
import type { Calibration } from '../metrics/calibration.js';
import { learntNothing, temperatureAtLimit } from '../metrics/split-metrics.js';
import type { SplitMetrics } from '../metrics/split-metrics.js';

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

/** Results of one epoch of training. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Mean over the epoch's samples of what was minimised. */
  readonly loss: number;
  /** Mean of the loss's named parts, e.g. { supervised, consistency }. */
  readonly parts: Readonly<Record<string, number>>;
  /** Against the labels trained with, on augmented samples, as they were seen. */
  readonly trainAccuracy: number;
  /** Null where nothing was set aside. */
  readonly validation: SplitMetrics | null;
  /** The temperature fitted on the validation samples, and their calibration with it; null without validation. */
  readonly calibration: Calibration | null;
  /** Wall-clock seconds, validation included. */
  readonly seconds: number;
  /** Samples (images or clips) trained on per second of wall clock. */
  readonly samplesPerSecond: number;
}

/** Names of all parts the loss had in any epoch, in the order they first appear: a warm-up may have fewer than what follows. */
export function partNames(history: readonly EpochRecord[]): string[] {
  return [...new Set(history.flatMap(({ parts }) => Object.keys(parts)))];
}

/** Warnings about the figures of an epoch, one sentence each. */
export function recordWarnings(record: Pick<EpochRecord, 'validation' | 'calibration'> | undefined): string[] {
  if (!record?.validation) return [];
  const { validation, calibration } = record;
  return [learntNothing(validation), calibration && temperatureAtLimit(calibration.temperature)].filter(
    (line) => line !== null,
  );
}

export const EPOCHS_JSONL = 'epochs.jsonl';
export const EPOCHS_CSV = 'epochs.csv';

/**
 * `epochs.jsonl` and `epochs.csv` of a run. Both are rewritten from the whole history, so that they say what the
 * checkpoint they were written with says, also after a run continued from an earlier one.
 * @param folder the run folder; made if need be
 * @param labels names of the classes, in the order of `recall` and `confusion`
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeEpochTables(
  folder: string,
  labels: readonly string[],
  history: readonly EpochRecord[],
): Promise<void> {
  await makeFolder(folder).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  await writeFileAtomic(join(folder, EPOCHS_JSONL), epochsJsonl(labels, history));
  await writeFileAtomic(join(folder, EPOCHS_CSV), epochsCsv(labels, history));
}

/** One record per line, with the label names of its lists. Numbers that are not finite become null, as JSON requires. */
export function epochsJsonl(labels: readonly string[], history: readonly EpochRecord[]): string {
  return history.map((record) => `${JSON.stringify({ ...record, labels })}\n`).join('');
}

/** One row an epoch; cells are empty where there is no number: no validation, a class without samples, a part of the loss not yet in use. */
export function epochsCsv(labels: readonly string[], history: readonly EpochRecord[]): string {
  const parts = partNames(history);
  const header = [
    'epoch',
    'learning_rate',
    'loss',
    ...parts.map((name) => `part_${name}`),
    'train_accuracy',
    'validation_count',
    'validation_loss',
    'validation_accuracy',
    'validation_mean_class_accuracy',
    'validation_macro_f1',
    'validation_calibration_error',
    'temperature',
    'validation_calibrated_loss',
    'validation_calibrated_error',
    ...labels.map((label) => `validation_recall_${label}`),
    'seconds',
    'samples_per_second',
  ];
  const rows = history.map((record) => {
    const { validation, calibration } = record;
    return [
      record.epoch,
      record.learningRate,
      record.loss,
      ...parts.map((name) => record.parts[name]),
      record.trainAccuracy,
      validation?.count,
      validation?.loss,
      validation?.accuracy,
      validation?.meanClassAccuracy,
      validation?.macroF1,
      validation?.expectedCalibrationError,
      calibration?.temperature,
      calibration?.loss,
      calibration?.expectedCalibrationError,
      ...labels.map((_, k) => validation?.recall[k]),
      record.seconds,
      record.samplesPerSecond,
    ];
  });
  // RFC 4180 ends lines with CR LF.
  return stringify([header, ...rows], { record_delimiter: 'windows', cast: { number: String } });
}
