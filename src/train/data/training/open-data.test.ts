import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePrepared } from '../../../../test/support/prepared-folder.js';
import type { PreparedRow } from '../../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { still } from '../../../../test/support/still-sample.js';
import { writeStills } from '../../../../test/support/stills-dataset.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { LabelSet } from '../../../model/label-set.js';
import type { TrainConfig } from '../../config/train-config.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { SPLITS } from '../sample.js';
import type { Dataset, Split } from '../sample.js';
import { divide, mergeData, openData } from './open-data.js';
import type { OpenData } from './open-data.js';

const GEOMETRY = { ...DEFAULT_CROP, size: 8, channels: 1 } as const;
const BY_DEFAULT = { from: 'auto', fraction: 0.25, seed: 1 } as const;
const PLAIN = { fold: null, classWords: null, labels: null, deduplicate: true } as const;

/** 16 training samples, and 2 of each other split named. */
function dataset(name: string, ...splits: readonly Split[]): Dataset {
  const of = (split: Split, count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...still(`${split} ${i}`, ['calm', 'happy'][i % 2]!), split }));
  const samples = [...of('train', 16), ...splits.flatMap((split) => of(split, 2))];
  return {
    name,
    labels: new LabelSet(name, ['calm', 'happy']),
    splits: SPLITS.filter((split) => samples.some((sample) => sample.split === split)),
    samples,
    problems: [],
    leftOut: {},
  };
}

/** Counts of training and validation by split. */
function sides(data: Dataset, how: TrainConfig['validation']): [string, string] {
  const { training, validation } = divide(data, { validation: how, contested: true });
  const count = (samples: typeof training): string =>
    SPLITS.flatMap((split) => {
      const own = samples.filter((sample) => sample.split === split).length;
      return own > 0 ? [`${own} ${split}`] : [];
    }).join();
  expect(training.filter((sample) => validation.includes(sample))).toEqual([]);
  return [count(training), count(validation)];
}

describe('samples to train on, and to choose by', () => {
  it('auto: the split "valid" of own data, where there is one; else, and of published sets always, part of the training split', () => {
    expect(sides(dataset('manifest', 'valid', 'test'), BY_DEFAULT)).toEqual(['16 train', '2 valid']);
    expect(sides(dataset('manifest', 'test'), BY_DEFAULT)).toEqual(['12 train', '4 train']);
    expect(sides(dataset('ferplus', 'valid', 'test'), BY_DEFAULT)).toEqual(['12 train', '4 train']);
  });

  it('as configured, of any data set', () => {
    expect(sides(dataset('ferplus', 'valid'), { ...BY_DEFAULT, from: 'valid' })).toEqual(['16 train', '2 valid']);
    expect(sides(dataset('manifest', 'valid'), { ...BY_DEFAULT, from: 'train' })).toEqual(['12 train', '4 train']);
    expect(sides(dataset('manifest'), { ...BY_DEFAULT, from: 'valid' })).toEqual(['16 train', '']);
    expect(sides(dataset('manifest'), { ...BY_DEFAULT, fraction: 0 })).toEqual(['16 train', '']);
    expect(sides(dataset('manifest', 'valid'), { ...BY_DEFAULT, fraction: 0 })).toEqual(['16 train', '2 valid']);
  });

  it('with those that are contested, or without', () => {
    const agreed = dataset('ferplus');
    const one = { ...still('contested', 'calm'), split: 'train', contested: true } as const;
    const data = { ...agreed, samples: [...agreed.samples, one] };
    const [all, without] = [true, false].map((contested) => divide(data, { validation: BY_DEFAULT, contested }));
    expect(all).toMatchObject({ leftOut: {} });
    expect(all!.training).toContainEqual(one);
    expect(without).toEqual({
      training: all!.training.filter(({ id }) => id !== one.id),
      validation: all!.validation,
      leftOut: { 'contested, as "contested" is off': 1 },
    });
    expect(divide(agreed, { validation: BY_DEFAULT, contested: false }).leftOut).toEqual({});
  });

  it('by the seed', () => {
    const of = (seed: number): string[] =>
      divide(dataset('ferplus'), { validation: { ...BY_DEFAULT, seed }, contested: true }).validation.map(
        ({ id }) => id,
      );
    expect(of(1)).toEqual(of(1));
    expect(new Set([1, 2, 3, 4].map((seed) => of(seed).join())).size).toBeGreaterThan(1);
  });
});

describe('a data set that is opened', () => {
  it('is freed of copies, which are counted, unless it should not be', async () => {
    const dir = await scratchDir();
    await writeStills(dir);
    const opened = await openData({ ...PLAIN, data: `manifest:${dir}` });
    expect(opened).toMatchObject({ prepared: null, preparedFeatures: null });
    expect(opened.dataset.leftOut).toEqual({ 'copy of another sample': 1 });
    expect(opened.dataset.samples.some(({ id }) => id === 'copy.png')).toBe(false);
    const all = await openData({ ...PLAIN, data: `manifest:${dir}`, deduplicate: false });
    expect(all.dataset.samples).toHaveLength(opened.dataset.samples.length + 1);
    expect(all.dataset.leftOut).toEqual({});
  });

  it('has the labels chosen, and counts what has none of them', async () => {
    const dir = await scratchDir();
    await writeStills(dir);
    const { dataset: chosen } = await openData({ ...PLAIN, data: `manifest:${dir}`, labels: ['sadness', 'happiness'] });
    expect(chosen.labels.labels).toEqual(['sadness', 'happiness']);
    expect(new Set(chosen.samples.map(({ label }) => label))).toEqual(new Set(['happiness', 'sadness']));
    expect(chosen.leftOut).toMatchObject({ 'no counterpart of "anger" in chosen': 15 });
  });

  it('prepared, is divided like the data set it was made of', async () => {
    const dir = await scratchDir();
    const rows = (['train', 'train', 'train', 'train', 'valid', 'test'] as const).map((split, i): PreparedRow => ({
      id: `${i}.png`,
      split,
      label: ['calm', 'happy'][i % 2]!,
    }));
    for (const [source, sidesOf] of [
      ['manifest', ['4 train', '1 valid']],
      ['ferplus', ['2 train', '2 train']],
    ] as const) {
      const folder = join(dir, source);
      await writePrepared(
        folder,
        GEOMETRY,
        ['calm', 'happy'],
        [...rows, { ...rows[0]!, id: 'copy', content: '4.png' }],
        new Uint8Array(7 * 64),
        source,
      );
      // With labels of its own too: they change the label set, and not where the data came from.
      for (const labels of [null, ['happy', 'calm']]) {
        const opened = await openData({ ...PLAIN, labels, data: `prepared:${folder}` });
        expect(opened.prepared).toMatchObject({ geometry: GEOMETRY, count: 7 });
        expect(opened.dataset.leftOut).toEqual({ 'copy of another sample': 1 });
        expect(sides(opened.dataset, BY_DEFAULT)).toEqual(sidesOf);
        await opened.close();
        await expect(opened.prepared!.read([0])).rejects.toThrow();
      }
    }
  });
});

describe('merge data', () => {
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

  it('sums what was left out for the same reason', () => {
    const leaving = (leftOut: Record<string, number>): OpenData => {
      const part = prepared('x', [1]);
      return { ...part, dataset: { ...part.dataset, leftOut } };
    };
    expect(mergeData([leaving({ a: 1, b: 2 }), leaving({ b: 3 })]).dataset.leftOut).toEqual({ a: 1, b: 5 });
  });

  it('takes a picture once that is in several of them, and not at all for training where one holds it out', async () => {
    const dir = await scratchDir();
    const row = (id: string, split: Split, content: string): PreparedRow => ({ id, split, label: 'calm', content });
    const rows = [
      [row('a', 'train', 'one'), row('b', 'train', 'two'), row('c', 'train', 'three')],
      [row('d', 'train', 'one'), row('e', 'test', 'two'), row('f', 'train', 'four')],
    ];
    for (const [i, each] of rows.entries())
      await writePrepared(join(dir, String(i)), GEOMETRY, ['calm'], each, new Uint8Array(each.length * 64));
    const config = { ...PLAIN, data: `prepared:${join(dir, '0')}`, moreData: [`prepared:${join(dir, '1')}`] };
    const opened = await openData(config);
    expect(opened.dataset.samples.map(({ id }) => id)).toEqual(['a', 'c', '2:f']);
    expect(opened.dataset.splits).toEqual(['train']);
    expect(opened.dataset.leftOut).toEqual({ 'copy of another sample': 2, 'held out in moreData': 1 });
    await opened.close();
    // Fold and class words are chosen when a set is prepared.
    for (const more of [{ fold: 2 }, { classWords: 'words.json' }])
      await expect(openData({ ...config, ...more })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('makes larger crops as small as the first ones, and refuses others', async () => {
    const large = {
      ...prepared('y', [1]),
      prepared: new MemoryCrops({ ...geometry, size: 2 }, Uint8Array.of(2, 4, 6, 8)),
    };
    expect([...(await mergeData([prepared('x', [1]), large]).prepared!.read([1, 0]))]).toEqual([5, 1]);
    expect(() => mergeData([large, prepared('x', [1])])).toThrow(/moreData: .*1x1 grey.*2x2 grey/);
  });

  it('keeps features that all of them have of the same network', async () => {
    const withFeatures = (name: string, checkpoint: string, values: readonly number[]): OpenData => ({
      ...prepared(name, values),
      preparedFeatures: {
        ...{ checkpoint, dimensions: 1, count: values.length },
        read: (indices, mirrored = false) =>
          Promise.resolve(Float32Array.from(indices, (i) => (mirrored ? -1 : 1) * values[i]!)),
      },
    });
    const [x, y] = [withFeatures('x', 'one', [1, 2]), withFeatures('y', 'one', [3])];
    const { preparedFeatures } = mergeData([x, y]);
    expect(preparedFeatures).toMatchObject({ checkpoint: 'one', dimensions: 1, count: 3 });
    expect([...(await preparedFeatures!.read([2, 0], true))]).toEqual([-3, -1]);
    for (const other of [withFeatures('z', 'another', [4]), prepared('z', [4])])
      expect(mergeData([x, other]).preparedFeatures).toBeNull();
  });

  it('refuses a data set that is not prepared', () => {
    const raw = { ...prepared('y', [1]), prepared: null };
    expect(() => mergeData([prepared('x', [1]), raw])).toThrow(/moreData: .*must be prepared/);
  });
});
