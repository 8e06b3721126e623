import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { writePrepared } from '../../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { still } from '../../../../test/support/still-sample.js';
import { writeTree } from '../../../../test/support/write-tree.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { LabelSet } from '../../../model/label-set.js';
import { openDataset } from '../formats/registry.js';
import type { Sample } from '../sample.js';
import { openPrepared } from '../preprocess/open-prepared.js';
import { locateRows, facesOf } from './face-dataset.js';

const LABELS = new LabelSet('two', ['calm', 'happy']);
const SIZE = 8;
const GEOMETRY = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;

/** Frames 0, 1, 4 and 5 of a folder. */
const CLIP: Sample = {
  ...still('clip', 'happy'),
  ...{ kind: 'clip', path: '/none/clip' },
  frames: [0, 1, 4, 5].map((index) => ({ index, path: `/none/clip/${index}.png` })),
};

describe('rows', () => {
  it('of an image: itself, with its votes; -1 without a label', () => {
    expect(facesOf({ ...still('a', 'happy'), softLabel: [0.2, 0.8] }, LABELS)).toEqual([
      { id: 'a', label: 1, shares: [0.2, 0.8], source: '/none/a.png' },
    ]);
    expect(facesOf({ ...still('b', 'happy'), label: null }, LABELS)[0]!.label).toBe(-1);
  });

  it('of a folder of frames: one each, named by its place in the footage', () => {
    const rows = facesOf(CLIP, LABELS);
    expect(rows.map(({ id, label, source }) => [id, label, source])).toEqual(
      [0, 1, 4, 5].map((index) => [`clip#${index}`, 1, `/none/clip/${index}.png`]),
    );
  });

  it('take the label that stands at their place in the footage, and none beyond the end; a frame with a label and no file shows no face', () => {
    const frameLabels = ['calm', null, 'happy', null, 'happy'];
    expect(
      facesOf({ ...CLIP, label: null, frameLabels }, LABELS).map(({ id, label, source }) => [id, label, source]),
    ).toEqual([
      ['clip#0', 0, '/none/clip/0.png'],
      ['clip#1', -1, '/none/clip/1.png'],
      ['clip#2', 1, null],
      ['clip#4', 1, '/none/clip/4.png'],
      ['clip#5', -1, '/none/clip/5.png'],
    ]);
  });

  it('are those of the stretch that is meant, at 25 frames a second', () => {
    const stretch = (startSeconds: number | null, endSeconds: number | null): string[] =>
      facesOf({ ...CLIP, startSeconds, endSeconds }, LABELS).map(({ id }) => id);
    expect(stretch(0.04, 0.2)).toEqual(['clip#1', 'clip#4']);
    expect(stretch(0.16, null)).toEqual(['clip#4', 'clip#5']);
    expect(stretch(null, 0.04)).toEqual(['clip#0']);
    expect(stretch(9, null)).toEqual([]);
  });

  it('of a video: refused, with the command that helps', () => {
    const video: Sample = { ...CLIP, path: '/none/film.mp4', frames: null };
    expect(() => facesOf(video, LABELS)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/film\.mp4 is a video: .*fer dataset prepare .*prepared:/) as string,
      }),
    );
  });
});

describe('rows of a prepared folder', () => {
  it('point to their crops, and go by the frames that were read', async () => {
    const folder = join(await scratchDir(), 'prepared');
    const rows = [
      { id: 'still', label: 'happy', softLabel: [0.5, 0.5] },
      {
        ...{ id: 'film.mp4', kind: 'clip' as const, frameLabels: ['calm', null, 'happy', 'happy'] },
        frames: [10, 12, 15, 20].map((index, i) => ({ index, timestamp: index / 25, crop: [1, null, 2, 3][i]! })),
      },
      {
        id: 'whole',
        kind: 'clip' as const,
        label: 'calm',
        frames: [
          { index: 3, timestamp: 0, crop: 4 },
          { index: 4, timestamp: 0.04, crop: null },
        ],
      },
    ];
    await writePrepared(
      folder,
      GEOMETRY,
      LABELS.labels,
      rows,
      Uint8Array.from({ length: 5 * SIZE * SIZE }, (_, i) => Math.floor(i / (SIZE * SIZE))),
    );
    const prepared = await openPrepared(folder);
    try {
      const all = prepared.dataset.samples.flatMap((sample) => facesOf(sample, LABELS));
      expect(all.map(({ id, label, source }) => [id, label, source])).toEqual([
        ['still', 1, 0],
        ['film.mp4#10', 0, 1],
        ['film.mp4#12', -1, null],
        ['film.mp4#15', 1, 2],
        ['film.mp4#20', 1, 3],
        ['whole#3', 0, 4],
        ['whole#4', 0, null],
      ]);
      expect(all[0]!.shares).toEqual([0.5, 0.5]);

      const located = await locateRows(all, GEOMETRY, prepared.crops);
      expect(located).toMatchObject({ places: [0, 1, null, 2, 3, 4, null], broken: 0 });
      expect((await located.crops.read([3]))[0]).toBe(3);
      const smaller = await locateRows(all, { ...GEOMETRY, size: 4 }, prepared.crops);
      expect(smaller.crops.geometry.size).toBe(4);
      expect([...(await smaller.crops.read([3]))]).toEqual(new Array<number>(16).fill(3));
      for (const other of [
        { ...GEOMETRY, size: 16 },
        { ...GEOMETRY, channels: 3 as const },
        { ...GEOMETRY, eyes: { x: 0.5, y: 0.3 } },
      ]) {
        await expect(locateRows(all, other, prepared.crops)).rejects.toMatchObject({
          code: 'MODEL_INCOMPATIBLE',
          message: expect.stringMatching(/8x8 grey crops.*the network wants/) as string,
        });
      }
    } finally {
      await prepared.close();
    }
  });
});

it('files are found in their places, what cannot be decoded is counted, and frames without a file have none', async () => {
  const dir = await scratchDir();
  const shade = (value: number): Promise<Buffer> =>
    sharp({ create: { width: SIZE, height: SIZE, channels: 3, background: { r: value, g: value, b: value } } })
      .png()
      .toBuffer();
  await writeTree(dir, {
    ...{
      'clip/1.png': await shade(10),
      'clip/2.png': (await shade(20)).subarray(0, 50),
      'clip/4.png': await shade(40),
      'still.png': await shade(90),
    },
    'manifest.jsonl': [
      { path: 'clip', frameLabels: ['calm', 'calm', null, 'happy', 'happy'] },
      { path: 'still.png', label: 'happy' },
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
  });
  const dataset = await openDataset(`manifest:${dir}`);
  expect(dataset.problems).toEqual([]);
  const rows = dataset.samples.flatMap((sample) => facesOf(sample, dataset.labels));
  const steps: [number, number][] = [];
  const { crops, places, broken } = await locateRows(
    [...rows, { ...rows[0]!, source: null }],
    GEOMETRY,
    null,
    (done, total) => steps.push([done, total]),
  );
  expect(broken).toBe(1);
  expect(steps.at(-1)).toEqual([4, 4]);
  // The last two of the clip's five labels are of frames without a file.
  expect(places.map((place) => place === null)).toEqual([false, true, false, true, true, false, true]);
  const shades = await crops.read(places.flatMap((place) => place ?? []));
  expect([0, 1, 2].map((i) => shades[i * SIZE * SIZE])).toEqual([10, 40, 90]);
});
