import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { predictedClasses } from '../metrics/classification-metrics.js';
import { TEMPERATURE_RANGE } from '../metrics/calibration.js';
import { EPOCHS_JSONL } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import type { LabelEvidence } from './label-evidence.js';

/** How good a judge of labels a network is. */
export interface JudgeFigures {
  /** Labels it was compared with. */
  readonly count: number;
  readonly accuracy: number;
  /** Share of the most frequent class: the accuracy of a network that knows nothing. */
  readonly majority: number;
  /** Its confidence after temperature scaling; null where that was not fitted on held-out rows. */
  readonly calibration: Pick<
    NonNullable<EpochRecord['calibration']>,
    'temperature' | 'expectedCalibrationError'
  > | null;
  /** Those labels, for a person. */
  readonly rows: string;
}

/** Below this accuracy a network contradicts most labels, and its own mistakes would count as wrong labels. */
const LEAST_ACCURACY = 0.5;
/** Largest calibration error of a calibrated network, before the allowance for few rows. */
const LARGEST_ERROR = 0.1;

/** Why this network must not mark labels as wrong; null if it may. */
export function distrustOf({ count, accuracy, majority, calibration, rows }: JudgeFigures): string | null {
  const right = `the network is right on ${percent(accuracy)} of ${count} ${rows}`;
  // By more than chance.
  const margin = Math.sqrt((majority * (1 - majority)) / Math.max(1, count));
  if (accuracy <= majority + margin)
    return `${right}, where the most frequent class alone gives ${percent(majority)}: it has not learned to judge them`;
  if (accuracy < LEAST_ACCURACY) return `${right}: its own mistakes would pass for wrong labels`;
  if (calibration === null) return null;
  const { temperature, expectedCalibrationError } = calibration;
  const [coldest, hottest] = TEMPERATURE_RANGE;
  if (temperature <= coldest * 1.01 || temperature >= hottest / 1.01)
    return `its confidence is not calibrated: the temperature fitted on ${count} ${rows} is at its limit (${temperature.toPrecision(3)})`;
  if (expectedCalibrationError > LARGEST_ERROR + 1 / Math.sqrt(count))
    return `its confidence is not calibrated: the error on ${count} ${rows} is ${percent(expectedCalibrationError)}`;
  return null;
}

/** The figures of a run's best epoch on its validation rows; null without any. */
export async function figuresOfRun(folder: string): Promise<JudgeFigures | null> {
  const text = await readFile(join(folder, EPOCHS_JSONL), 'utf8').catch(() => '');
  const records = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as EpochRecord]));
  const [best] = records
    .flatMap(({ validation, calibration }) => (validation === null ? [] : [{ validation, calibration }]))
    .filter(({ validation }) => validation.count > 0)
    .sort((a, b) => b.validation.accuracy - a.validation.accuracy);
  if (best === undefined) return null;
  const { count, accuracy, confusion } = best.validation;
  const largest = Math.max(...confusion.map((row) => row.reduce((sum, n) => sum + n, 0)));
  return { count, accuracy, majority: largest / count, calibration: best.calibration, rows: 'held-out rows' };
}

/** Agreement of a network with the labels it judges, used without a validation. */
export function figuresOfEvidence(evidence: readonly LabelEvidence[], rows: string): JudgeFigures {
  const predicted = predictedClasses(evidence.map(({ posteriors }) => posteriors));
  const counts = new Map<number, number>();
  for (const { given } of evidence) counts.set(given, (counts.get(given) ?? 0) + 1);
  const count = evidence.length;
  return {
    ...{ count, rows, calibration: null },
    accuracy: evidence.filter(({ given }, i) => given === predicted[i]).length / Math.max(1, count),
    majority: Math.max(0, ...counts.values()) / Math.max(1, count),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
