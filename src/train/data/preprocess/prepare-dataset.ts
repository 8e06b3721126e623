import { FerError, throwIfAborted } from '../../../errors/fer-error.js';
import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import type { Dataset } from '../sample.js';
import { headerFor, prepareSettings } from './prepared-header.js';
import type { PrepareSettings } from './prepared-header.js';
import { Preprocessor } from './preprocessor.js';
import { countOrigins } from './sample-row.js';
import type { OriginCounts } from './sample-row.js';
import { StoreWriter } from './store-writer.js';

export interface PrepareOptions extends Partial<PrepareSettings> {
  /** Stops after the frame at work; samples that are done are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

export interface PrepareProgress {
  /** Samples that a former run had done. */
  readonly resumed: number;
  /** Samples done, those included. */
  readonly done: number;
  readonly total: number;
  /** Frames read in this run, images included. */
  readonly frames: number;
}

export interface PrepareSummary {
  readonly samples: number;
  /** Samples that a former run had done. */
  readonly resumed: number;
  readonly crops: number;
  readonly counts: OriginCounts;
  /** Samples that could not be read, and those that were read with damage. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[];
  readonly damaged: readonly { readonly id: string; readonly note: string }[];
}

/**
 * Finds, aligns and cuts out the faces of a data set once, for any number of training runs: see docs/prepare.md for the folder it writes. A run
 * that was stopped or killed resumes; a complete one is left unchanged. A sample that cannot be read is noted and skipped.
 * An engine must be open.
 *
 * @throws FerError CONFIG_INVALID when the folder holds crops of other data or settings, FOLDER_IN_USE, OUTPUT_UNWRITABLE, WEIGHTS_MISSING, INTERRUPTED
 */
export async function prepareDataset(
  dataset: Dataset,
  folder: string,
  options: PrepareOptions = {},
): Promise<PrepareSummary> {
  return withFolderLock(folder, 'fer dataset prepare', (lock) =>
    prepareLocked(dataset, folder, { ...options, signal: stopSignal(lock, options.signal) }),
  );
}

async function prepareLocked(
  dataset: Dataset,
  folder: string,
  { signal, onProgress, ...given }: PrepareOptions,
): Promise<PrepareSummary> {
  const settings = prepareSettings(given);
  const { samples } = dataset;
  if (samples.some((sample) => 'readFrames' in sample)) {
    throw new FerError('CONFIG_INVALID', `${dataset.name}: is prepared already: name the data set itself`);
  }
  const writer = await StoreWriter.open(folder, headerFor(dataset, settings));
  try {
    const resumed = writer.rows.length;
    if (resumed < samples.length) {
      const preprocessor = await Preprocessor.open(folder, settings);
      try {
        let frames = 0;
        const report = (): void => onProgress?.({ resumed, done: writer.rows.length, total: samples.length, frames });
        report();
        for (const sample of samples.slice(resumed)) {
          throwIfAborted(signal, dataset.name);
          const { row, crops } = await preprocessor.prepare(sample, signal, () => {
            frames += 1;
            report();
          });
          await writer.append(row, crops);
          report();
        }
      } finally {
        await preprocessor.close();
      }
    }
    await writer.complete();
    return {
      samples: samples.length,
      resumed,
      crops: writer.crops,
      counts: countOrigins(writer.rows),
      failures: writer.rows.flatMap(({ id, origin, note }) =>
        origin === 'failed' ? [{ id, reason: note ?? '' }] : [],
      ),
      damaged: writer.rows.flatMap(({ id, origin, note }) =>
        origin !== 'failed' && note !== null ? [{ id, note }] : [],
      ),
    };
  } finally {
    await writer.close();
  }
}
