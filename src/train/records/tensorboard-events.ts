import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochRecord } from './epoch-tables.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { writeError } from '../../files/write-error.js';
import { scalarRecord, timeOfVersionRecord, versionRecord } from './tensorboard-event.js';

/** Where the events are inside a run folder. The name is fixed, so that a run has one file however often it was resumed. */
export const TENSORBOARD_FOLDER = 'tensorboard';
export const EVENTS_FILE = 'events.out.tfevents.0000000000.ferstream';

export interface TensorboardOptions {
  /** Names of the classes; with them, recall of each class is written. */
  readonly labels?: readonly string[];
  /** Seconds since 1970; for tests. */
  readonly now?: number;
}

/**
 * Brings the event file of a run to what `history` says: one event an epoch, step = epoch, none twice.
 *
 * A TensorBoard that is watching keeps the file open, so what is already right in it stays and only the rest is
 * appended (also after a write that was cut short). Where the file says something else, as after going back to an
 * earlier checkpoint, it is replaced; a running TensorBoard may then need a restart.
 * @param folder the run folder; `tensorboard/` is made in it
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeTensorboardEvents(
  folder: string,
  history: readonly EpochRecord[],
  options: TensorboardOptions = {},
): Promise<void> {
  const place = join(folder, TENSORBOARD_FOLDER);
  const path = join(place, EVENTS_FILE);
  try {
    await mkdir(place, { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
  const present = await readFile(path).catch(() => Buffer.alloc(0));
  const now = options.now ?? Date.now() / 1000;
  const began = timeOfVersionRecord(present) ?? now - history.reduce((sum, { seconds }) => sum + seconds, 0);
  const wanted = eventFile(history, began, options.labels);
  const agrees = present.length > 0 && wanted.subarray(0, present.length).equals(present);
  await (agrees ? append(path, wanted.subarray(present.length)) : writeFileAtomic(path, wanted));
}

/**
 * The bytes of an event file.
 * @param began seconds since 1970; each epoch's wall time is this plus the seconds of all epochs up to it
 */
export function eventFile(history: readonly EpochRecord[], began: number, labels: readonly string[] = []): Buffer {
  let wallTime = began;
  const events = history.map((record) => {
    wallTime += record.seconds;
    return scalarRecord({ wallTime, step: record.epoch, scalars: epochScalars(record, labels) });
  });
  return Buffer.concat([versionRecord(began), ...events]);
}

/** TensorBoard scalars of an epoch; the name before a slash is the group. */
function epochScalars(record: EpochRecord, labels: readonly string[] = []): Record<string, number> {
  const { validation, calibration } = record;
  const scalars: Record<string, number> = { 'loss/train': record.loss, 'accuracy/train': record.trainAccuracy };
  if (validation !== null) {
    scalars['loss/validation'] = validation.loss;
    scalars['accuracy/validation'] = validation.accuracy;
    scalars['accuracy/validation_class_mean'] = validation.meanClassAccuracy;
    scalars['accuracy/validation_macro_f1'] = validation.macroF1;
    scalars['calibration/validation_error'] = validation.expectedCalibrationError;
    labels.forEach((label, k) => {
      const recall = validation.recall[k] ?? null;
      if (recall !== null) scalars[`recall/${label}`] = recall;
    });
  }
  if (calibration != null) {
    scalars['calibration/temperature'] = calibration.temperature;
    scalars['calibration/validation_error_calibrated'] = calibration.expectedCalibrationError;
  }
  for (const [name, value] of Object.entries(record.parts)) scalars[`loss_parts/${name}`] = value;
  scalars['optimizer/learning_rate'] = record.learningRate;
  scalars['speed/samples_per_second'] = record.samplesPerSecond;
  return scalars;
}

async function append(path: string, data: Buffer): Promise<void> {
  if (data.length === 0) return;
  try {
    const handle = await open(path, 'a');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw writeError(path, error);
  }
}
