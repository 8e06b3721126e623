import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FerError, throwIfAborted } from '../../errors/fer-error.js';
import { stopSignal, withFolderLock } from '../../files/folder-lock.js';
import { openTfjsBackend } from '../../model/engines/open-backend.js';
import { cropLength } from '../../train/data/crops/crop-source.js';
import { openDataset } from '../../train/data/formats/registry.js';
import { CROPS_FILE, HEADER_FILE, ROWS_FILE, assertSame, headerFor, prepareSettings, readHeader } from '../../train/data/preprocess/prepared-header.js'; // prettier-ignore
import type { PreparedHeader, PrepareSettings } from '../../train/data/preprocess/prepared-header.js';
import { prepareDataset } from '../../train/data/preprocess/prepare-dataset.js';
import { prepareFeatures } from '../../train/data/preprocess/prepare-features.js';
import { jsonLines } from '../../train/data/preprocess/read-prepared.js';
import type { SampleRow } from '../../train/data/preprocess/sample-row.js';
import { StoreWriter } from '../../train/data/preprocess/store-writer.js';
import type { WrittenRow } from '../../train/data/preprocess/store-writer.js';
import type { Dataset, ReadOptions } from '../../train/data/sample.js';
import { writeContactSheet } from '../../train/report/contact-sheet.js';
import { rangeSchema, sampleRanges } from './task.js';
import type { Task } from './task.js';

const settings = z.object({
  /** FORMAT:DIR with an absolute path. */
  data: z.string(),
  read: z.custom<ReadOptions>(),
  output: z.string(),
  prepare: z.custom<PrepareSettings>(),
  /** Model whose features are stored too. */
  features: z.string().nullable(),
  samplesPerJob: z.number(),
});
type Settings = z.infer<typeof settings>;
type Range = z.infer<typeof rangeSchema>;

/** `fer dataset prepare`: a part prepares some samples into a folder of its own; the merge strings them together. */
export const prepareTask: Task<Settings, Range> = {
  settings,
  part: rangeSchema,

  async split({ data, read, output, prepare, samplesPerJob }) {
    const dataset = await openDataset(data, read);
    const there = await readHeader(output);
    if (there !== null) assertSame(output, there, headerFor(dataset, prepareSettings(prepare)));
    if (there !== null && there.complete !== null) return [];
    return sampleRanges(output, dataset.samples.length, samplesPerJob);
  },

  async run({ data, read, prepare }, range, { folder, backend, signal }) {
    const part = partOf(await openDataset(data, read), range);
    await prepareDataset(part, partFolder(folder, range), { ...prepare, backend, workers: 0, signal });
  },

  async merge({ data, read, output, prepare, features }, parts, { folder, backend, signal }) {
    const dataset = await openDataset(data, read);
    const header = headerFor(dataset, prepareSettings(prepare));
    const rows = await withFolderLock(output, 'fer dataset prepare', async (lock) => {
      const writer = await StoreWriter.open(output, header);
      try {
        for (const range of parts)
          await append(writer, dataset, range, partFolder(folder, range), header, stopSignal(lock, signal));
        await writer.complete();
        return writer.rows;
      } finally {
        await writer.close();
      }
    });
    const { path } = await writeContactSheet(output);
    if (features !== null) {
      await openTfjsBackend(backend);
      await prepareFeatures(output, features, { signal });
    }
    await rm(folder, { recursive: true, force: true });
    return { outputs: [HEADER_FILE, ROWS_FILE, CROPS_FILE].map((name) => join(output, name)).concat(path), note: noteOf(dataset, rows) }; // prettier-ignore
  },
};

function partOf(dataset: Dataset, range: Range): Dataset {
  return { ...dataset, samples: dataset.samples.slice(...range) };
}

function partFolder(folder: string, [first, end]: Range): string {
  return join(folder, `${first}-${end}`);
}

/** Adds the samples of a part that the output does not have yet. */
async function append(
  writer: StoreWriter,
  dataset: Dataset,
  range: Range,
  folder: string,
  { geometry, settings: { framesPerSecond, noFace } }: PreparedHeader,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [first, end] = range;
  if (writer.rows.length >= end) return;
  const there = await readHeader(folder);
  if (there !== null)
    assertSame(folder, there, headerFor(partOf(dataset, range), { geometry, framesPerSecond, noFace }));
  const length = cropLength(geometry);
  const file = await open(join(folder, CROPS_FILE));
  try {
    let index = first;
    for await (const { value } of jsonLines(join(folder, ROWS_FILE))) {
      throwIfAborted(signal, folder);
      index += 1;
      if (index <= writer.rows.length) continue;
      const { firstCrop, frames, ...row } = value as SampleRow;
      const own = frames.map((frame) => ({ ...frame, crop: frame.crop === null ? null : frame.crop - firstCrop }));
      const crops = async function* (): AsyncGenerator<Uint8Array> {
        for (let crop = firstCrop; crop < firstCrop + row.crops; crop += 1)
          yield (await file.read(new Uint8Array(length), 0, length, crop * length)).buffer;
      };
      await writer.append({ ...row, frames: own }, crops());
    }
    if (index < end)
      throw new FerError(
        'INTERNAL',
        `${folder}: has ${index - first} of ${end - first} samples: fer queue retry prepares them again`,
      );
  } finally {
    await file.close();
  }
}

function noteOf({ problems }: Dataset, rows: readonly WrittenRow[]): string | null {
  const failed = rows.filter(({ origin }) => origin === 'failed').length + problems.length;
  return failed === 0 ? null : `${failed} samples could not be read`;
}
