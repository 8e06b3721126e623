import { mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { CHECKPOINT_FORMAT, parseCheckpointInfo } from './checkpoint-info.js';
import type { CheckpointInfo } from './checkpoint-info.js';
import { TOPOLOGY_FILE, WEIGHTS_FILE, folderHandler } from './folder-handler.js';

export const INFO_FILE = 'ferstream.json';

/**
 * Writes a model as a folder: `model.json` and `weights.bin` as any TensorFlow.js program reads them, and `ferstream.json`.
 * Everything is written and flushed beside it first and then renamed into place: no checkpoint is ever seen half-written. Replacing one takes two
 * renames; a program killed in the instant between them leaves the old checkpoint, whole, in `.NAME.tmp-…/old` beside the place.
 *
 * @throws FerError MODEL_INCOMPATIBLE when `info` does not describe the model, OUTPUT_UNWRITABLE when the folder cannot be written.
 */
export async function saveCheckpoint(
  model: tf.LayersModel,
  folder: string,
  info: Omit<CheckpointInfo, 'format'>,
): Promise<void> {
  const complete = parseCheckpointInfo(
    { format: CHECKPOINT_FORMAT, ...info },
    `the description for checkpoint ${folder}`,
  );
  const outputs = model.outputs[0]!.shape.at(-1);
  if (outputs !== info.labelSet.labels.length) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `checkpoint ${folder}: the model has ${outputs ?? 'no'} outputs, label set "${info.labelSet.name}" has ${info.labelSet.labels.length} labels; give it the set it was built for`,
    );
  }
  const target = resolve(folder);
  let scratch: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    scratch = await mkdtemp(join(dirname(target), `.${basename(target)}.tmp-`));
    const made = join(scratch, 'new');
    await mkdir(made);
    await model.save(folderHandler(made));
    await writeFile(join(made, INFO_FILE), `${JSON.stringify(complete, null, 2)}\n`);
    for (const file of [WEIGHTS_FILE, TOPOLOGY_FILE, INFO_FILE]) await flush(join(made, file));
    await refuseOthers(target);
    await putInPlace(made, target, join(scratch, 'old'));
  } catch (error) {
    if (error instanceof FerError) throw error;
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `checkpoint ${folder} cannot be written (${error instanceof Error ? error.message : String(error)}); choose a folder that can`,
      { cause: error },
    );
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

/** A folder cannot be renamed over a full one, so the old one steps aside for a moment, and comes back if the new one cannot take its place. */
async function putInPlace(made: string, target: string, aside: string): Promise<void> {
  await rename(target, aside).catch(ignoreMissing);
  try {
    await rename(made, target);
  } catch (error) {
    await rename(aside, target).catch(ignoreMissing);
    throw error;
  }
}

/** Refuses to take away a folder with anything else in it than a checkpoint. */
async function refuseOthers(target: string): Promise<void> {
  const known = await stat(join(target, INFO_FILE)).catch(ignoreMissing);
  const there = await stat(target).catch(ignoreMissing);
  if (there && !known) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `checkpoint ${target} cannot be written: something else has that name; choose another one or remove it`,
    );
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
