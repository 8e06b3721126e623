import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CropGeometry } from '../../src/model/crop-geometry.js';
import { LabelSet } from '../../src/model/label-set.js';
import { cropLength } from '../../src/train/data/crops/crop-source.js';
import { headerFor, writeHeader } from '../../src/train/data/preprocess/prepared-header.js';
import type { SampleRow } from '../../src/train/data/preprocess/sample-row.js';

/** A sample of a prepared folder: only what a test says of it, and crops that follow those of the samples before it. */
export interface PreparedRow extends Partial<SampleRow> {
  readonly id: string;
}

/** Writes a folder as `prepareDataset` does, without looking for faces. @param crops all of them [n, S, S, C] */
export async function writePrepared(
  folder: string,
  geometry: CropGeometry,
  labels: readonly string[],
  rows: readonly PreparedRow[],
  crops: Uint8Array,
  source = 'manifest',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  let firstCrop = 0;
  const lines = rows.map((given): SampleRow => {
    const frames = given.frames ?? [{ index: 0, timestamp: 0, crop: firstCrop }];
    const count = frames.filter(({ crop }) => crop !== null).length;
    const said = {
      kind: 'image',
      split: 'train',
      label: null,
      softLabel: null,
      subject: null,
      frameLabels: null,
      content: given.id,
      note: null,
    } as const;
    const row: SampleRow = {
      ...said,
      origin: count > 0 ? 'detected' : 'none',
      ...given,
      frames,
      firstCrop,
      crops: count,
    };
    firstCrop += count;
    return row;
  });
  if (firstCrop * cropLength(geometry) !== crops.length)
    throw new Error(`${firstCrop} crops are spoken of, and ${crops.length / cropLength(geometry)} given`);
  const dataset = {
    name: source,
    labels: new LabelSet(source, labels),
    splits: [],
    samples: [],
    problems: [],
    leftOut: {},
  };
  const header = headerFor(dataset, { geometry, framesPerSecond: null, noFace: 'skip' });
  const complete = {
    crops: firstCrop,
    detected: lines.filter(({ crops: own }) => own > 0).length,
    whole: 0,
    none: lines.filter(({ crops: own }) => own === 0).length,
    failed: 0,
  };
  await writeFile(join(folder, 'samples.jsonl'), lines.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(join(folder, 'crops.bin'), crops);
  await writeHeader(folder, { ...header, source: { ...header.source, samples: rows.length }, complete });
}
