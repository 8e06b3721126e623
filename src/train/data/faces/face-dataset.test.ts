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
import { openPrepared } from '../preprocess/read-prepared.js';
import { faceId, facesOf } from './face-dataset.js';
import type { FaceSample } from './face-dataset.js';
import { indexFaces } from './open-faces.js';

const LABELS = new LabelSet('two', ['calm', 'happy']);
const SIZE = 8;
const GEOMETRY = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;

/** Frames 0, 1, 4 and 5 of a folder. */
const CLIP: Sample = {
  ...still('clip', 'happy'),
  ...{ kind: 'clip', path: '/none/clip' },
  frames: [0, 1, 4, 5].map((index) => ({ index, path: `/none/clip/${index}.png` })),
};

const named = (faces: readonly FaceSample[]) => faces.map((face) => [faceId(face), face.label, face.source]);

describe('faces', () => {
  it('of an image: itself, with its votes; null without a label', () => {
    expect(facesOf({ ...still('a', 'happy'), softLabel: [0.2, 0.8] })).toEqual([
      { id: 'a', frame: null, timestamp: 0, label: 'happy', shares: [0.2, 0.8], source: '/none/a.png' },
    ]);
    expect(facesOf({ ...still('b', 'happy'), label: null })[0]!.label).toBeNull();
  });

  it('of a folder of frames: one each, named by its place in the footage', () => {
    const faces = facesOf(CLIP);
    expect(named(faces)).toEqual([0, 1, 4, 5].map((index) => [`clip#${index}`, 'happy', `/none/clip/${index}.png`]));
    expect(faces.map(({ timestamp }) => timestamp)).toEqual([0, 0.04, 0.16, 0.2]);
  });

  it('take the label that is at their place in the footage, and none beyond the end; a frame with a label and no file shows no face', () => {
    const frameLabels = ['calm', null, 'happy', null, 'happy'];
    expect(named(facesOf({ ...CLIP, label: null, frameLabels }))).toEqual([
      ['clip#0', 'calm', '/none/clip/0.png'],
      ['clip#1', null, '/none/clip/1.png'],
      ['clip#2', 'happy', null],
      ['clip#4', 'happy', '/none/clip/4.png'],
      ['clip#5', null, '/none/clip/5.png'],
    ]);
  });

  it('are those of the labelled stretch, at 25 frames a second', () => {
    const stretch = (startSeconds: number | null, endSeconds: number | null): string[] =>
      facesOf({ ...CLIP, startSeconds, endSeconds }).map(faceId);
    expect(stretch(0.04, 0.2)).toEqual(['clip#1', 'clip#4']);
    expect(stretch(0.16, null)).toEqual(['clip#4', 'clip#5']);
    expect(stretch(null, 0.04)).toEqual(['clip#0']);
    expect(stretch(9, null)).toEqual([]);
  });

  it('of a video: refused, with the command that helps', () => {
    const video: Sample = { ...CLIP, path: '/none/film.mp4', frames: null };
    expect(() => facesOf(video)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/film\.mp4 is a video: .*fer dataset prepare .*prepared:/) as string,
      }),
    );
  });
});

describe('faces of a prepared folder', () => {
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
      const all = prepared.dataset.samples.flatMap(facesOf);
      expect(named(all)).toEqual([
        ['still', 'happy', 0],
        ['film.mp4#10', 'calm', 1],
        ['film.mp4#12', null, null],
        ['film.mp4#15', 'happy', 2],
        ['film.mp4#20', 'happy', 3],
        ['whole#3', 'calm', 4],
        ['whole#4', 'calm', null],
      ]);
      expect(all[0]!.shares).toEqual([0.5, 0.5]);

      const indexed = await indexFaces(all, GEOMETRY, prepared.crops);
      expect(indexed).toMatchObject({ places: [0, 1, null, 2, 3, 4, null], notes: { unreadable: [] } });
      expect((await indexed.crops.read([3]))[0]).toBe(3);
      const smaller = await indexFaces(all, { ...GEOMETRY, size: 4 }, prepared.crops);
      expect(smaller.crops.geometry.size).toBe(4);
      expect([...(await smaller.crops.read([3]))]).toEqual(new Array<number>(16).fill(3));
      for (const other of [
        { ...GEOMETRY, size: 16 },
        { ...GEOMETRY, channels: 3 as const },
        { ...GEOMETRY, eyes: { x: 0.5, y: 0.3 } },
      ]) {
        await expect(indexFaces(all, other, prepared.crops)).rejects.toMatchObject({
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
  const faces = dataset.samples.flatMap(facesOf);
  const steps: [number, number][] = [];
  const { crops, places, notes } = await indexFaces(
    [...faces, { ...faces[0]!, source: null }],
    GEOMETRY,
    null,
    (done, total) => steps.push([done, total]),
  );
  expect(notes.unreadable.map(({ path }) => path)).toEqual([join(dir, 'clip/2.png')]);
  expect(steps.at(-1)).toEqual([4, 4]);
  // The last two of the clip's five labels are of frames without a file.
  expect(places.map((place) => place === null)).toEqual([false, true, false, true, true, false, true]);
  const shades = await crops.read(places.flatMap((place) => place ?? []));
  expect([0, 1, 2].map((i) => shades[i * SIZE * SIZE])).toEqual([10, 40, 90]);
});
