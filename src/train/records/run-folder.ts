import { constants } from 'node:fs';
import { open, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { writeAt } from '../../files/atomic-file.js';
import { makeFolder } from '../../files/write-error.js';

/** Where a run keeps what. */
export interface RunFolder {
  readonly path: string;
  /** To continue after an interruption. */
  readonly state: string;
  readonly config: string;
  /** Model folders: of the best epoch, and of the last. */
  readonly best: string;
  readonly last: string;
  /** (p_GT, p_NN, predicted class) of every row in every epoch: float32 [epochs, R, 3]. */
  readonly ambiguity: string;
  /** Names of the rows, their labels, and the label names. */
  readonly ambiguityIndex: string;
  readonly report: string;
}

export function runFolder(path: string): RunFolder {
  return {
    path,
    state: join(path, 'state.bin'),
    config: join(path, 'config.json'),
    best: join(path, 'best'),
    last: join(path, 'last'),
    ambiguity: join(path, 'ambiguity.f32'),
    ambiguityIndex: join(path, 'ambiguity.json'),
    report: join(path, 'report.html'),
  };
}

/**
 * Makes it early, so that a place that cannot be written to is known before the data are read.
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function makeRunFolder({ path }: RunFolder): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `run folder ${path} cannot be made (${(error as Error).message}): choose another --output`,
      { cause: error },
    );
  }
}

/** Removes the empty folder of a run that never began. */
export async function dropEmptyRunFolder({ path }: RunFolder): Promise<void> {
  await rmdir(path).catch(() => undefined);
}

/**
 * Puts an epoch's table into its place of the file; one written before an interruption is written over.
 * @param epoch from 1
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeEpochRows(path: string, epoch: number, rows: Float32Array): Promise<void> {
  try {
    // Not opened for appending: it is written at a place, and may have been removed since the last epoch.
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      await file.truncate((epoch - 1) * rows.byteLength);
      const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
      await writeAt(file, bytes, (epoch - 1) * rows.byteLength);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${path} cannot be written (${(error as Error).message}): make room or choose another --output`,
      { cause: error },
    );
  }
}

/** Removes what writers that were killed left under temporary names. Only for when all of the run is written, as then nothing of it is needed. */
export async function clearLeftovers({ path }: RunFolder): Promise<void> {
  const names = (await readdir(path)).filter((name) => /^\..+\.tmp(-|$)/.test(name));
  await Promise.all(names.map((name) => rm(join(path, name), { recursive: true, force: true })));
}
