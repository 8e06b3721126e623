import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { LabelSet } from '../../../model/label-set.js';
import { SPLITS } from '../sample.js';
import type { Dataset, Sample, Split } from '../sample.js';
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
      splits: SPLITS.filter((name) => samples.some((sample) => sample.split === name)),
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
