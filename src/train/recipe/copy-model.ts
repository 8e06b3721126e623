import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { INFO_FILE, copyCheckpoint } from '../../model/checkpoint/index.js';
import type { WeightPrecision } from '../../model/checkpoint/index.js';
import { findModelFolder } from '../../model/trained/index.js';
import { writeTemperature } from '../calibrate/index.js';
import { writeFinishedFolder } from '../datasets/synthesize/finished-folder.js';
import { FRAME_PART, TEMPORAL_PART } from '../task/model-folder.js';

export interface CopyModelOptions {
  /** Default: as they are. */
  readonly weights?: WeightPrecision;
  /** Of the copy; the model's own, if not given. */
  readonly temperature?: number;
}

/** All that lies in a model folder. */
const OF_A_MODEL = [INFO_FILE, 'model.json', 'weights.bin', FRAME_PART, TEMPORAL_PART];

/**
 * Copies a model folder; the copy appears whole or not at all. A model that is there already is replaced.
 * @throws FerError WEIGHTS_MISSING when `from` holds none, OUTPUT_UNWRITABLE, also where anything but a model is in the way
 */
export async function copyModel(from: string, to: string, { weights = 'float32', temperature }: CopyModelOptions = {}): Promise<void> {
  const { frame, temporal } = await findModelFolder(from);
  const there = await readdir(to).catch((): string[] => []);
  const other = there.find((name) => !OF_A_MODEL.includes(name));
  if (other !== undefined) throw new FerError('OUTPUT_UNWRITABLE', `${to} cannot be replaced by a model: it holds ${other} too; move that away, or choose another place`);
  await writeFinishedFolder(to, { marker: there.includes(INFO_FILE) ? INFO_FILE : join(FRAME_PART, INFO_FILE), replace: true }, async (folder) => {
    await copyCheckpoint(frame, temporal === null ? folder : join(folder, FRAME_PART), weights);
    if (temporal !== null) await copyCheckpoint(temporal, join(folder, TEMPORAL_PART), weights);
    if (temperature !== undefined) await writeTemperature(folder, temperature);
  });
}
