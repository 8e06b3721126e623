import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { LabelSet } from '../../../model/label-set.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { splitsOf } from '../sample.js';
import type { Dataset, Sample, Split } from '../sample.js';
import { FEATURES_FILE, FileCrops, FileFeatures, readFeaturesInfo } from './file-features.js';
import type { FeatureSource } from './file-features.js';
import { CROPS_FILE, HEADER_FILE, ROWS_FILE, readHeader } from './prepared-header.js';
import type { PreparedHeader } from './prepared-header.js';
import type { CropOrigin, PreparedFrame, SampleRow } from './sample-row.js';

const LINE_END = 0x0a;

/** A line that was read, and the position in the file right after it. */
interface JsonLine {
  readonly value: unknown;
  readonly end: number;
}

/**
 * The lines of a file, each as JSON, up to the first that is not JSON or is cut short: a program that was killed while writing leaves such a
 * last line. A file that is not there has none.
 */
export async function* jsonLines(path: string): AsyncGenerator<JsonLine, void, undefined> {
  let rest: Buffer[] = [];
  let end = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
        const line = Buffer.concat([...rest, chunk.subarray(from, at)]);
        rest = [];
        from = at + 1;
        end += line.length + 1;
        let value: unknown;
        try {
          value = JSON.parse(line.toString('utf8'));
        } catch {
          return;
        }
        yield { value, end };
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * A sample of a data set with its place among the crops. `path` is the file of all crops.
 */
export interface PreparedSample extends Sample {
  readonly content: string | null;
  readonly origin: CropOrigin;
  readonly note: string | null;
  /** Its crops are firstCrop .. firstCrop + crops - 1, in order of time. */
  readonly firstCrop: number;
  readonly crops: number;
  /** The frames that were read, those without a face included. */
  readonly readFrames: readonly PreparedFrame[];
}

export interface PreparedDataset extends Dataset {
  /** Those that have a crop. */
  readonly samples: readonly PreparedSample[];
}

interface PreparedFolder {
  /** Absolute. */
  readonly folder: string;
  readonly header: PreparedHeader & { readonly complete: NonNullable<PreparedHeader['complete']> };
  readonly dataset: PreparedDataset;
  /** Those without a crop too. */
  readonly all: readonly PreparedSample[];
}

/**
 * What `prepareDataset` wrote, without opening the crops.
 * @param split only this one
 * @throws FerError INPUT_NOT_FOUND when there is nothing prepared, CONFIG_INVALID when it is not complete or not understood
 */
export async function readPrepared(folder: string, split?: Split): Promise<PreparedFolder> {
  const root = resolve(folder);
  const header = await readHeader(root);
  if (header === null)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${folder}: no ${HEADER_FILE}: give a folder written by "fer dataset prepare"`,
    );
  const { complete } = header;
  if (complete === null)
    throw new FerError(
      'CONFIG_INVALID',
      `${folder}: is not completely prepared: run the same "fer dataset prepare" again, it resumes`,
    );
  const all: PreparedSample[] = [];
  let lines = 0;
  for await (const { value } of jsonLines(join(root, ROWS_FILE))) {
    lines += 1;
    const row = value as SampleRow;
    if (split === undefined || row.split === split) all.push(sampleOf(row, join(root, CROPS_FILE)));
  }
  if (lines !== header.source.samples) {
    throw new FerError(
      'CONFIG_INVALID',
      `${join(folder, ROWS_FILE)}: has ${lines} readable rows, not ${header.source.samples}: run the same "fer dataset prepare" again`,
    );
  }
  const samples = all.filter(({ crops }) => crops > 0);
  const without = (origin: CropOrigin): number => all.filter((sample) => sample.origin === origin).length;
  const leftOut = Object.entries({ 'no face found': without('none'), 'could not be read': without('failed') }).filter(
    ([, count]) => count > 0,
  );
  return {
    folder: root,
    header: { ...header, complete },
    dataset: {
      name: header.source.name,
      labels: new LabelSet(header.labels.name, header.labels.labels),
      splits: splitsOf(samples),
      samples,
      problems: [],
      ...(header.source.unsplit && { unsplit: true as const }),
      leftOut: Object.fromEntries(leftOut),
    },
    all,
  };
}

function sampleOf({ frames, frameLabels, ...row }: SampleRow, path: string): PreparedSample {
  const labels = byPlace(frameLabels, frames);
  return { ...row, path, frames: null, frameLabels: labels, startSeconds: null, endSeconds: null, readFrames: frames };
}

/** Labels of the frames that were read, by their places in the footage, as in any data set. */
function byPlace(
  labels: SampleRow['frameLabels'],
  frames: readonly PreparedFrame[],
): readonly (string | null)[] | null {
  if (labels === null) return null;
  const placed = new Array<string | null>((frames.at(-1)?.index ?? -1) + 1).fill(null);
  frames.forEach(({ index }, i) => (placed[index] = labels[i] ?? null));
  return placed;
}

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
