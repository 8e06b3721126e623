import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { LabelSet } from '../../../model/label-set.js';
import type { CropSource } from '../crops/crop-source.js';
import { cropLength } from '../crops/crop-source.js';
import type { Split } from '../sample.js';
import { FEATURES_FILE, FileCrops, FileFeatures, readFeaturesInfo } from './file-features.js';
import type { FeatureSource } from './file-features.js';
import { CROPS_FILE } from './prepared-header.js';
import { readPrepared } from './read-prepared.js';
import type { PreparedDataset, PreparedSample } from './read-prepared.js';

/** A prepared folder, open for reading. */
export interface Prepared {
  readonly folder: string;
  readonly labels: LabelSet;
  /** As any data set: for `deduplicate`, `carveValidation` and `mapLabels`. */
  readonly dataset: PreparedDataset;
  /** Those that have a crop. */
  readonly samples: readonly PreparedSample[];
  /** Those without a crop too. */
  readonly all: readonly PreparedSample[];
  readonly crops: CropSource;
  /** Features of a frame encoder; null unless `prepareFeatures` has finished. */
  readonly features: FeatureSource | null;
  close(): Promise<void>;
}

/**
 * Opens what `prepareDataset` wrote. Crops and features stay on disk and are read by their places.
 * @throws FerError INPUT_NOT_FOUND when there is nothing prepared, CONFIG_INVALID when it is not complete, INPUT_UNREADABLE when crops are missing
 */
export async function openPrepared(folder: string, { split }: { readonly split?: Split } = {}): Promise<Prepared> {
  const { folder: root, header, dataset, all } = await readPrepared(folder, split);
  const files: FileHandle[] = [];
  const opened = async (name: string, bytes: number): Promise<FileHandle> => {
    const path = join(root, name);
    const file = await open(path).catch((cause: unknown) => {
      throw new FerError('INPUT_UNREADABLE', `${path}: cannot be opened: prepare the data set again`, { cause });
    });
    files.push(file);
    if ((await file.stat()).size === bytes) return file;
    throw new FerError(
      'INPUT_UNREADABLE',
      `${path}: has changed its length since it was written: prepare the data set again`,
    );
  };
  const close = async (): Promise<void> => {
    for (const file of files.splice(0)) await file.close();
  };
  try {
    const { crops: count } = header.complete;
    const crops = new FileCrops(
      await opened(CROPS_FILE, count * cropLength(header.geometry)),
      join(root, CROPS_FILE),
      header.geometry,
      count,
    );
    const info = await readFeaturesInfo(root, count);
    const features =
      info === null
        ? null
        : new FileFeatures(await opened(FEATURES_FILE, count * info.bytes), join(root, FEATURES_FILE), info);
    return { folder: root, labels: dataset.labels, dataset, samples: dataset.samples, all, crops, features, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const PREPARED = 'prepared:';

/** The folder of a prepared data set; null where FORMAT:DIR names data of another format. */
export function preparedFolder(data: string): string | null {
  return data.startsWith(PREPARED) ? data.slice(PREPARED.length) : null;
}
