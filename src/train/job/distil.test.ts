import { beforeAll, expect, it, vi } from 'vitest';
import { tf } from '../../model/tfjs.js';
import { join } from 'node:path';
import { scratchDir } from '../../../test/support/scratch.js';
import { stripedPictures } from '../../../test/support/striped-pictures.js';
import { saveCheckpoint } from '../../model/checkpoint/checkpoint.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { LabelSet } from '../../model/label-set.js';
import { frameClassifier } from '../../model/networks/classifier.js';
import { compactResidualNet } from '../../model/networks/residual-net.js';
import { MemoryCrops } from '../data/crops/image-crops.js';
import { askTeachers, withTeachers } from './distil.js';

const crop = { ...DEFAULT_CROP, size: 16, channels: 1 } as const;
const labels = new LabelSet('three', ['neutral', 'happiness', 'anger']);
const crops = new MemoryCrops(crop, stripedPictures(70, crop.size));
const places = [3, 0, 69];

beforeAll(async () => {
  await openBackend();
});

async function teacher(seed: number, priors?: { posteriors: number[]; training: number[] }): Promise<string> {
  return saveOver(join(await scratchDir(), 'teacher'), seed, priors);
}

async function saveOver(
  folder: string,
  seed: number,
  priors?: { posteriors: number[]; training: number[] },
): Promise<string> {
  const model = frameClassifier(compactResidualNet({ size: crop.size, width: 4, seed }), { classes: 3, seed });
  const metrics = { accuracy: 0.5, macroF1: 0.5, calibrationError: 0.1 };
  await saveCheckpoint(model, folder, {
    ...{ kind: 'frame', network: model.name, labelSet: { name: labels.name, labels: [...labels.labels] }, crop },
    ...{ temperature: 1.3, recipe: {}, metrics, versions: { ferstream: '0', tfjs: '4' }, ...(priors && { priors }) },
  } as never);
  model.dispose();
  return folder;
}

const ask = async (teachers: string[], drawn: number[]): Promise<readonly Float32Array[]> =>
  (await askTeachers({ teachers, features: 0 }, { labels, crop }, crops, places, drawn)).posteriors;

it('moves the posteriors of a teacher to the class frequencies of training, where it says what it was made for', async () => {
  const tensors = tf.memory().numTensors;
  const [plain, made] = [
    await teacher(1),
    await teacher(1, { posteriors: [0.5, 0.3, 0.2], training: [0.8, 0.1, 0.1] }),
  ];
  const same = await ask([made], [5, 3, 2]);
  const moved = await ask([made], [1, 1, 1]);
  for (const [i, row] of (await ask([plain], [1, 7, 1])).entries()) {
    const weights = [...row].map((p, k) => p / [0.5, 0.3, 0.2][k]!);
    const sum = weights.reduce((total, value) => total + value, 0);
    for (let k = 0; k < 3; k += 1) {
      expect(same[i]![k]).toBeCloseTo(row[k]!, 5); // drawn as it was made for: as it is
      expect(moved[i]![k]).toBeCloseTo(weights[k]! / sum, 5);
    }
  }
  expect(tf.memory().numTensors).toBe(tensors);
});

it('asks several teachers for their mean', async () => {
  const folders = [await teacher(1), await teacher(2)];
  const [both, a, b] = [
    await ask(folders, [1, 1, 1]),
    await ask([folders[0]!], [1, 1, 1]),
    await ask([folders[1]!], [1, 1, 1]),
  ];
  both.forEach((row, i) => {
    row.forEach((value, k) => {
      expect(value).toBeCloseTo((a[i]![k]! + b[i]![k]!) / 2, 5);
    });
  });
});

it('gives the features of all teachers, of norm 1 on average, and the same posteriors', async () => {
  const teachers = [await teacher(1), await teacher(2)];
  const tensors = tf.memory().numTensors;
  const { posteriors, features } = await askTeachers(
    { teachers, features: 2 },
    { labels, crop },
    crops,
    places,
    [1, 1, 1],
  );
  expect(tf.memory().numTensors).toBe(tensors);
  (await ask(teachers, [1, 1, 1])).forEach((row, i) => {
    row.forEach((value, k) => {
      expect(posteriors[i]![k]).toBeCloseTo(value, 5);
    });
  });
  expect(features!.map(({ length }) => length)).toEqual([32, 32, 32]); // 2 teachers of 16
  for (const part of [0, 1]) {
    const norms = features!.map((row) => Math.hypot(...row.subarray(16 * part, 16 * (part + 1))) ** 2);
    expect(norms.reduce((sum, norm) => sum + norm, 0) / 3).toBeCloseTo(1, 4);
    expect(new Set(norms.map((norm) => norm.toFixed(5))).size).toBe(3);
  }
});

it('asks a teacher once about a crop, and again once it has changed', async () => {
  const folder = await teacher(11);
  const first = await ask([folder], [1, 1, 1]);
  const apply = vi.spyOn(tf.LayersModel.prototype, 'apply');
  expect(await ask([folder], [1, 1, 1])).toEqual(first);
  expect(apply).not.toHaveBeenCalled();
  await saveOver(folder, 12);
  expect(await ask([folder], [1, 1, 1])).not.toEqual(first);
  expect(apply).toHaveBeenCalled();
  apply.mockRestore();
});

it('mixes them into labels by the share, with votes and without', () => {
  const faces = [
    { id: 'a', crop: 0, label: 1, shares: null },
    { id: 'b', crop: 1, label: 0, shares: [3, 1, 0] },
  ];
  const said = [Float32Array.of(0.2, 0.2, 0.6), Float32Array.of(0, 0, 1)];
  const mixed = withTeachers(faces as never, { posteriors: said, features: null }, 0.25).map(({ shares }) =>
    shares!.map((s) => Number(s.toFixed(4))),
  );
  expect(mixed).toEqual([
    [0.05, 0.8, 0.15],
    [0.5625, 0.1875, 0.25],
  ]);
});
