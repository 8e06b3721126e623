import { join } from 'node:path';
import { FerError, throwIfAborted } from '../../../errors/fer-error.js';
import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import type { Backend } from '../../../model/engines/backend.js';
import { contentKey, fileHash, filesOf } from '../content.js';
import { cropLength } from '../crops/crop-source.js';
import type { Dataset, Sample } from '../sample.js';
import { cropsOf, cutInOrder } from './face-cutter.js';
import { openCutter } from './open-cutter.js';
import type { CutterOptions } from './open-cutter.js';
import { headerFor, prepareSettings } from './prepared-header.js';
import type { PrepareSettings } from './prepared-header.js';
import { countOrigins, rowOf } from './sample-row.js';
import type { OriginCounts } from './sample-row.js';
import { StoreWriter } from './store-writer.js';

export interface PrepareOptions extends Partial<PrepareSettings>, CutterOptions {
  /** Stops after the frame at work, or, with worker threads, at once; samples that are done are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Called when the engine is open; not where nothing is left to do. */
  readonly onEngine?: (engine: Backend) => void;
}

export interface PrepareProgress {
  /** Samples that a former run had done. */
  readonly resumed: number;
  /** Samples done, those included. */
  readonly done: number;
  readonly total: number;
  /** Frames read in this run, images included; with worker threads, of finished samples. */
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
 * that was stopped or killed resumes; a complete one is left unchanged. A sample that cannot be read is noted and skipped. The result does not depend on
 * the number of worker threads.
 *
 * @throws FerError BACKEND_UNAVAILABLE, CONFIG_INVALID when the folder holds crops of other data or settings, FOLDER_IN_USE, OUTPUT_UNWRITABLE, WEIGHTS_MISSING, INTERRUPTED
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
  { signal, onProgress, onEngine, backend, workers, ...given }: PrepareOptions,
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
      const scratch = join(folder, SCRATCH_FOLDER);
      const rest = samples.slice(resumed);
      const { cutter, engine } = await openCutter({ ...settings, scratch }, rest.length, { backend, workers });
      try {
        onEngine?.(engine);
        const keyOf = contentKeys();
        let frames = 0;
        const report = (): void => onProgress?.({ resumed, done: writer.rows.length, total: samples.length, frames });
        report();
        const onFrame = (): void => {
          frames += 1;
          report();
        };
        throwIfAborted(signal, dataset.name);
        for await (const { sample, cut } of cutInOrder(cutter, rest, signal, onFrame)) {
          await writer.append(rowOf(sample, await keyOf(sample), cut), cropsOf(cut, cropLength(settings.geometry)));
          report();
          throwIfAborted(signal, dataset.name);
        }
      } finally {
        await cutter.close();
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

/** In the prepared folder, while work is under way. */
const SCRATCH_FOLDER = 'scratch.tmp';

/** Hashes of samples' files; null where they cannot be read. Those of videos are kept: several samples may be stretches of one. */
function contentKeys(): (sample: Sample) => Promise<string | null> {
  const videos = new Map<string, Promise<string>>();
  const hashOnce = (path: string): Promise<string> => {
    const known = videos.get(path) ?? fileHash(path);
    videos.set(path, known);
    return known;
  };
  return async (sample) => {
    if (sample.content !== undefined) return sample.content;
    try {
      const own: string[] = [];
      for (const path of filesOf(sample))
        own.push(await (sample.kind === 'clip' && sample.frames === null ? hashOnce(path) : fileHash(path)));
      return contentKey(sample, own);
    } catch {
      return null;
    }
  };
}
