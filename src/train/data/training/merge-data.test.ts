import { expect, it } from 'vitest';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { LabelSet } from '../../../model/label-set.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { mergeData } from './merge-data.js';
import type { OpenData } from './merge-data.js';

const geometry = { ...DEFAULT_CROP, size: 1 };

function prepared(name: string, values: readonly number[], closed: string[] = []): OpenData {
  const samples = values.map((_, i) => ({
    ...{ id: `${name}-${i}`, kind: 'image', path: 'crops.bin', frames: null, split: 'train', label: 'a' },
    ...{ softLabel: null, frameLabels: null, subject: null, startSeconds: null, endSeconds: null },
    ...{ content: null, origin: 'detected', note: null, firstCrop: i, crops: 1 },
    readFrames: [{ index: 0, timestamp: 0, crop: i }],
  }));
  return {
    dataset: { name, labels: new LabelSet('one', ['a']), samples, problems: [], leftOut: {}, splits: ['train'] },
    prepared: new MemoryCrops(geometry, Uint8Array.from(values)),
    preparedFeatures: null,
    close: () => Promise.resolve(void closed.push(name)),
  } as unknown as OpenData;
}

it('puts data sets one behind the other, samples and crops alike', async () => {
  const closed: string[] = [];
  const merged = mergeData([prepared('x', [1, 2], closed), prepared('y', [7, 8, 9], closed)]);
  const samples = merged.dataset.samples as unknown as {
    id: string;
    firstCrop: number;
    readFrames: { crop: number }[];
  }[];
  expect(samples.map(({ id }) => id)).toEqual(['x-0', 'x-1', '2:y-0', '2:y-1', '2:y-2']);
  expect(samples.map(({ firstCrop }) => firstCrop)).toEqual([0, 1, 2, 3, 4]);
  expect(samples.map(({ readFrames }) => readFrames[0]!.crop)).toEqual([0, 1, 2, 3, 4]);
  expect(merged.prepared!.count).toBe(5);
  expect([...(await merged.prepared!.read([4, 0, 2, 1]))]).toEqual([9, 1, 7, 2]);
  await merged.close();
  expect(closed).toEqual(['x', 'y']);
});

it('refuses a data set that is not prepared', () => {
  const raw = { ...prepared('y', [1]), prepared: null };
  expect(() => mergeData([prepared('x', [1]), raw])).toThrow(/moreData: .*must be prepared/);
});
