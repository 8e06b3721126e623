import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { TINY_CROP, saveTinyClipModel, saveTinyFrameModel, tinyInfo } from '../../../test/support/tiny-models.js';
import { openBackend } from '../engines/open-backend.js';
import { TrainedModel } from '../heads/trained-model.js';
import { EXPRESSIONS_8 } from '../label-set.js';
import { tf } from '../tfjs.js';
import { LARGEST_FLOAT16, copyCheckpoint, toFloat16, toUint8, uint8Error } from './copy-checkpoint.js';
import type { WeightPrecision } from './copy-checkpoint.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';

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

it('unchanged, predicts the same to the bit', async () => {
  await copyCheckpoint(at('frame'), at('same'));
  for (const file of ['weights.bin', 'model.json', 'ferstream.json'])
    expect(await readFile(at('same', file)), file).toEqual(await readFile(at('frame', file)));
});

it('in half precision takes about half the space and predicts nearly the same', async () => {
  const before = tf.memory().numTensors;
  const { share, moved } = await roundedTo('float16', 'half');
  expect(share).toBeLessThan(0.56);
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(1e-3);
  expect(tf.memory().numTensors).toBe(before);
  // Rounded once, it stays unchanged.
  await copyCheckpoint(at('half'), at('again'), 'float16');
  expect(await readFile(at('again', 'weights.bin'))).toEqual(await readFile(at('half', 'weights.bin')));
});

it('in a quarter of the space predicts about the same, and keeps earlier rounding', async () => {
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

it('refuses a damaged checkpoint, which the copy would give fresh checksums', async () => {
  await copyCheckpoint(at('frame'), at('damaged'));
  const weights = await readFile(at('damaged', 'weights.bin'));
  weights[8]! ^= 1;
  await writeFile(at('damaged', 'weights.bin'), weights);
  await expect(copyCheckpoint(at('damaged'), at('from damaged'))).rejects.toMatchObject({
    code: 'WEIGHTS_MISSING',
    message: expect.stringMatching(/weights\.bin is damaged/) as string,
  });
});

it('refuses what is not a checkpoint', async () => {
  await expect(copyCheckpoint(at('nothing'), at('copy'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  await rm(at('half', 'weights.bin'));
  await expect(copyCheckpoint(at('half'), at('copy'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});

describe('quantize', () => {
  const half = (value: number): number => toFloat16(Float32Array.of(value))[0]!;

  /** IEEE 754-2019, 3.4. */
  function valueOf(bits: number): number {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }

  it.each([
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -26, 0],
    [1 / 3, 0x3555],
    [65520, 0x7c00],
    [-Infinity, 0xfc00],
    [NaN, 0x7e00],
  ])('%f is 0x%i', (value, bits) => {
    expect(half(value)).toBe(bits);
  });

  it('every float16 is itself', () => {
    const all = Uint16Array.from({ length: 2 * 0x7c00 }, (_, i) => (i % 0x7c00) | (i < 0x7c00 ? 0 : 0x8000));
    expect(toFloat16(Float32Array.from(all, valueOf))).toEqual(all);
  });

  it('any other number is the nearest one, of two equally near the even', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = half(value);
        const error = Math.abs(valueOf(bits) - value);
        for (const other of [bits - 1, bits + 1].filter((near) => (near & 0x7fff) <= 0x7bff && near >= 0)) {
          const there = Math.abs(valueOf(other) - value);
          expect(error).toBeLessThanOrEqual(there);
          if (error === there && error > 0) expect(bits & 1).toBe(0);
        }
      }),
    );
    expect(half(LARGEST_FLOAT16)).toBe(0x7bff);
  });

  it('every value is kept to half a step of 255 between the least and the largest', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, min: -1000, max: 1000, noNaN: true }), (values) => {
        const { bytes, scale, min } = toUint8(values);
        for (const [i, value] of values.entries())
          expect(Math.abs(bytes[i]! * scale + min - value)).toBeLessThanOrEqual(scale * 0.5001);
        expect(scale * 255).toBeCloseTo(
          Math.max(...values) > Math.min(...values) ? Math.max(...values) - Math.min(...values) : 255,
          3,
        );
      }),
    );
  });

  it('keeps constant kernels unchanged', () => {
    const values = new Float32Array(5).fill(-0.3);
    const kept = toUint8(values);
    expect([...kept.bytes]).toEqual([0, 0, 0, 0, 0]);
    expect(uint8Error(values, kept)).toBe(0);
    expect(uint8Error(new Float32Array(3), toUint8(new Float32Array(3)))).toBe(0);
  });

  it('one far value among small ones costs all of them', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const even = uint8Error(values, toUint8(values));
    expect(even).toBeGreaterThan(0.001);
    expect(even).toBeLessThan(0.005);
    values[7] = 20;
    expect(uint8Error(values, toUint8(values))).toBeGreaterThan(4 * even);
  });
});
