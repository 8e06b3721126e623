import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../tfjs.js';
import { beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { TINY_CROP, saveTinyClipModel, saveTinyFrameModel, tinyInfo } from '../../../test/support/tiny-models.js';
import { openBackend } from '../engines/open-backend.js';
import { EXPRESSIONS_8 } from '../label-set.js';
import { TrainedModel } from '../heads/trained-model.js';
import { copyCheckpoint } from './copy-checkpoint.js';
import type { WeightPrecision } from './copy-checkpoint.js';
import { loadCheckpoint } from './load-checkpoint.js';
import { saveCheckpoint } from './save-checkpoint.js';

const dir = await scratchDir();
const at = (...names: readonly string[]): string => join(dir, ...names);

beforeAll(async () => {
  await openBackend();
  await saveTinyFrameModel(at('frame'), EXPRESSIONS_8, { temperature: 1.3 });
  await saveTinyClipModel(at('clip'), EXPRESSIONS_8);
});

const face = { geometry: TINY_CROP, data: Float32Array.from({ length: 256 }, (_, i) => 128 + 100 * Math.sin(i * i)) };

async function posteriors(folder: string): Promise<number[]> {
  const model = await TrainedModel.load(folder);
  try {
    const features = await model.encode(Array.from({ length: 4 }, () => face));
    return (await model.classify({ features, timestamps: [0, 1, 2, 3], from: 0, to: 4 })).flatMap((row) => [...row]);
  } finally {
    model.dispose();
  }
}

const difference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((p, i) => Math.abs(p - b[i]!)));

/** The tiny frame model copied in less space: the share that its weights take, and by how much its posteriors move. */
async function roundedTo(
  precision: WeightPrecision,
  name: string,
): Promise<{ readonly share: number; readonly moved: number }> {
  await copyCheckpoint(at('frame'), at(name), precision);
  const [whole, copy] = await Promise.all([stat(at('frame', 'weights.bin')), stat(at(name, 'weights.bin'))]);
  return {
    share: copy.size / whole.size,
    moved: difference(await posteriors(at(name)), await posteriors(at('frame'))),
  };
}

it('as it is, says the same to the bit', async () => {
  await copyCheckpoint(at('frame'), at('same'));
  for (const file of ['weights.bin', 'model.json', 'ferstream.json'])
    expect(await readFile(at('same', file)), file).toEqual(await readFile(at('frame', file)));
});

it('in half precision takes about half the space and says nearly the same', async () => {
  const before = tf.memory().numTensors;
  const { share, moved } = await roundedTo('float16', 'half');
  expect(share).toBeLessThan(0.56);
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(1e-3);
  expect(tf.memory().numTensors).toBe(before);
  // Rounded once, it stays as it is.
  await copyCheckpoint(at('half'), at('again'), 'float16');
  expect(await readFile(at('again', 'weights.bin'))).toEqual(await readFile(at('half', 'weights.bin')));
});

it('in a quarter of the space says about the same, and what was rounded before stays', async () => {
  const { share, moved } = await roundedTo('uint8', 'quarter');
  expect(share).toBeLessThan(0.35);
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(2e-2);
  for (const [from, precision] of [
    ['quarter', 'uint8'],
    ['quarter', 'float16'],
    ['half', 'uint8'],
  ] as const) {
    await copyCheckpoint(at(from), at('again'), precision);
    expect(await readFile(at('again', 'weights.bin'))).toEqual(await readFile(at(from, 'weights.bin')));
  }
});

it('halves a temporal network too', async () => {
  for (const part of ['frame', 'temporal']) await copyCheckpoint(at('clip', part), at('half-clip', part), 'float16');
  expect(difference(await posteriors(at('half-clip')), await posteriors(at('clip')))).toBeLessThan(1e-3);
});

/** The last kernel of a tiny model after it was copied, if it was this one before. */
async function copied(values: (i: number) => number, name: string, precision: WeightPrecision): Promise<Float32Array> {
  await saveTinyFrameModel(at(name), EXPRESSIONS_8);
  const { model } = await loadCheckpoint(at(name));
  const kernel = model.getLayer('logits').weights[0]!;
  const shape = kernel.shape as number[];
  const given = tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => values(i)),
    shape,
  );
  kernel.write(given);
  given.dispose();
  await rm(at(name), { recursive: true });
  await saveCheckpoint(model, at(name), tinyInfo(EXPRESSIONS_8));
  model.dispose();
  await copyCheckpoint(at(name), at(`${name} copied`), precision);
  const loaded = (await loadCheckpoint(at(`${name} copied`))).model;
  const kept = (await loaded.getLayer('logits').weights[0]!.read().data()) as Float32Array;
  loaded.dispose();
  return kept;
}

it('keeps what half precision cannot hold', async () => {
  expect((await copied(() => 1e5, 'large', 'float16'))[0]).toBe(1e5);
  // With a single step, uint8 can.
  expect((await copied((i) => 1e5 * (i % 2), 'large', 'uint8')).slice(0, 2)).toEqual(Float32Array.of(0, 1e5));
});

it('keeps in half precision what 256 even steps would change much', async () => {
  const kept = await copied((i) => (i === 0 ? 1000 : Math.sin(i)), 'uneven', 'uint8');
  expect(kept[0]).toBe(1000);
  expect(kept[1]).toBeCloseTo(Math.sin(1), 3);
});

it('refuses what is no checkpoint', async () => {
  await expect(copyCheckpoint(at('nothing'), at('copy'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  await rm(at('half', 'weights.bin'));
  await expect(copyCheckpoint(at('half'), at('copy'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});
