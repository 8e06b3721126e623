import { describe, expect, it } from 'vitest';
import { still } from '../../../../test/support/still-sample.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { LabelSet } from '../../../model/label-set.js';
import { MemoryCrops } from '../crops/image-crops.js';
import type { Prepared, PreparedSample } from '../preprocess/read-prepared.js';
import { unsplitLine } from '../sample.js';
import type { LabelledFace } from './face-dataset.js';
import { PreparedFaces, openSplit } from './open-faces.js';

it('gives all of a data set without splits for any split, and one line about it', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns('happy/a.jpg', 'sad/b.jpg', 'a.png'),
    'manifest.csv': 'path,label\na.png,happy\n',
  });
  for (const [data, count] of [
    [`folders:${root}`, 2],
    [`manifest:${root}`, 1],
  ] as const) {
    for (const split of ['train', 'valid', 'test'] as const) {
      const dataset = await openSplit({ data, split });
      expect(dataset.samples.length).toBe(count);
      expect(unsplitLine(dataset)).toMatch(/^(folders|manifest): no splits, so all of it is used \(\d samples\)$/);
    }
  }
});

it('refuses a split that a data set with splits does not have', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('train/happy/a.jpg', 'train/sad/b.jpg'));
  await expect(openSplit({ data: `folders:${root}`, split: 'test' })).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('no samples in the test split') as string,
  });
  expect(unsplitLine(await openSplit({ data: `folders:${root}`, split: 'train' }))).toBeNull();
});

describe('prepared faces', () => {
  const GEOMETRY = { size: 2, channels: 1, eyes: { x: 0.5, y: 0.35 }, mouth: { x: 0.5, y: 0.75 } } as const;

  function sample(fields: Partial<PreparedSample> & Pick<PreparedSample, 'id' | 'readFrames'>): PreparedSample {
    return {
      ...still(fields.id, 'neutral', { path: 'crops.bin', split: 'test' }),
      content: null,
      origin: 'detected',
      note: null,
      firstCrop: 0,
      crops: 1,
      ...fields,
    };
  }

  /** Crop n holds nothing but n. */
  function prepared(samples: readonly PreparedSample[], count: number): Prepared {
    const labels = new LabelSet('two', ['neutral', 'fear']);
    const crops = new MemoryCrops(
      GEOMETRY,
      Uint8Array.from({ length: 4 * count }, (_, i) => Math.floor(i / 4)),
    );
    const dataset = { name: 'two', labels, splits: ['test'] as const, samples, problems: [], leftOut: {} };
    const some = samples.filter((one) => one.crops > 0);
    return {
      folder: 'prepared',
      labels,
      dataset: { ...dataset, samples: some },
      samples: some,
      all: samples,
      crops,
      features: null,
      close: () => Promise.resolve(),
    };
  }

  it('gives the faces that were found, and the frames without one, with the labels of their frames', async () => {
    const clip = sample({
      id: 'clip',
      kind: 'clip',
      label: null,
      // By place in the footage.
      frameLabels: [null, null, null, null, 'fear', 'neutral', null, null, null, 'neutral'],
      readFrames: [
        { index: 4, timestamp: 0.16, crop: 1 },
        { index: 5, timestamp: 0.2, crop: null },
        { index: 6, timestamp: 0.24, crop: 2 },
        { index: 9, timestamp: 0.36, crop: 3 },
      ],
      note: '3 of 4 pictures',
    });
    const image = sample({ id: 'image', origin: 'whole', readFrames: [{ index: 0, timestamp: 0, crop: 0 }] });
    const nobody = sample({
      id: 'nobody',
      kind: 'clip',
      origin: 'none',
      crops: 0,
      readFrames: [{ index: 0, timestamp: 0, crop: null }],
    });
    const skipped = sample({
      id: 'skipped',
      origin: 'none',
      crops: 0,
      readFrames: [{ index: 0, timestamp: 0, crop: null }],
    });
    const done: number[] = [];
    const source = PreparedFaces.of(prepared([image, skipped, clip, nobody], 4), GEOMETRY, (count) => done.push(count));
    const crops: LabelledFace[] = [];
    for await (const crop of source) crops.push(crop);
    expect(
      crops.map(({ id, frame, timestamp, label: truth, crop }) => [
        id,
        frame,
        timestamp,
        truth,
        ...(crop?.data ?? ['no face']),
      ]),
    ).toEqual([
      ['image', null, 0, 'neutral', 0, 0, 0, 0],
      ['clip', 4, 0.16, 'fear', 1, 1, 1, 1],
      ['clip', 5, 0.2, 'neutral', 'no face'],
      ['clip', 6, 0.24, null, 2, 2, 2, 2],
      ['clip', 9, 0.36, 'neutral', 3, 3, 3, 3],
      ['nobody', 0, 0, 'neutral', 'no face'],
    ]);
    expect(source.notes).toMatchObject({ wholePictures: 1, unreadable: [{ message: '3 of 4 pictures' }] });
    expect(done).toEqual([1, 2]);
  });

  it('keeps faces and frames together across the batches in which crops are read', async () => {
    // Every third frame shows no face.
    let next = 0;
    const readFrames = Array.from({ length: 200 }, (_, index) => ({
      index,
      timestamp: index / 25,
      crop: index % 3 === 1 ? null : next++,
    }));
    const clip = sample({ id: 'clip', kind: 'clip', readFrames, crops: next });
    const seen: (number | null)[] = [];
    for await (const { crop } of PreparedFaces.of(prepared([clip], next), GEOMETRY)) seen.push(crop?.data[0] ?? null);
    expect(seen).toEqual(readFrames.map(({ crop }) => crop));
  });

  it('refuses faces that were cut for another model', () => {
    const other = { ...GEOMETRY, eyes: { x: 0.5, y: 0.3 } };
    expect(() => PreparedFaces.of(prepared([], 0), other)).toThrow(
      expect.objectContaining({ code: 'MODEL_INCOMPATIBLE' }),
    );
  });
});
