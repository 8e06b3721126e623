import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveTinyClipModel, saveTinyFrameModel, TINY_CROP } from '../../../test/support/tiny-models.js';
import { openBackend } from '../engines/open-backend.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.js';
import type { FaceCrop } from '../crop-geometry.js';
import { EXPRESSIONS_7, LabelSet } from '../label-set.js';
import { encoderOf } from '../networks/classifier.js';
import { identifyModel, openModel } from './open-model.js';

const dir = await scratchDir();
const [frames, clips] = [join(dir, 'frames'), join(dir, 'clips')];

beforeAll(async () => {
  await openBackend();
  await saveTinyFrameModel(frames, EXPRESSIONS_7);
  await saveTinyClipModel(clips, EXPRESSIONS_7, { clipFrames: 10, temperature: 0.5 });
});

function crops(count: number): FaceCrop[] {
  const { size } = TINY_CROP;
  return Array.from({ length: count }, (_, n) => ({
    geometry: TINY_CROP,
    data: Float32Array.from({ length: size * size }, (__, i) => 128 + 100 * Math.sin((i + 1) * (n + 1) * 0.37)),
  }));
}

function stacked(all: readonly FaceCrop[]): tf.Tensor4D {
  return tf.stack(all.map(({ data }) => tf.tensor3d(data, [TINY_CROP.size, TINY_CROP.size, 1]))) as tf.Tensor4D;
}

function expectClose(rows: readonly Float32Array[], expected: number[][]): void {
  expect(rows).toHaveLength(expected.length);
  for (const [i, row] of rows.entries()) for (const [k, p] of row.entries()) expect(p).toBeCloseTo(expected[i]![k]!, 5);
}

function mirrored({ geometry, data }: FaceCrop): FaceCrop {
  const { size } = geometry;
  return { geometry, data: data.map((_, i) => data[i - (i % size) + (size - 1 - (i % size))]!) };
}

const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i / 25);

describe('a frame checkpoint as expression model', () => {
  it('gives the posteriors of its network, in batches, and leaves no tensor behind', async () => {
    const { model: network } = await loadCheckpoint(frames);
    const pictures = crops(70); // more than one batch
    const expected = tf.tidy(
      () => tf.softmax(network.predict(stacked(pictures)) as tf.Tensor).arraySync() as number[][],
    );
    network.dispose();

    const before = tf.memory().numTensors;
    const model = await openModel(frames);
    expect(model.labels.labels).toEqual(EXPRESSIONS_7.labels);
    expect(model.crop).toEqual(TINY_CROP);
    expect(model.framing).toBe('whole');
    expect(model.context).toEqual({ past: 0, future: 0, hop: 1 });
    const loaded = tf.memory().numTensors;
    const features = await model.encode(pictures);
    expectClose(await model.classify({ features, timestamps: times(70), from: 0, to: 70 }), expected);
    expectClose(await model.classify({ features, timestamps: times(70), from: 3, to: 5 }), expected.slice(3, 5));
    expect(await model.encode([])).toEqual([]);
    expect(tf.memory().numTensors).toBe(loaded);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('divides logits by the temperature of its calibration', async () => {
    const cooled = join(dir, 'cooled');
    await saveTinyFrameModel(cooled, EXPRESSIONS_7, { temperature: 2.5 });
    const [plain, calibrated] = [await openModel(frames), await openModel(cooled)];
    const picture = crops(1);
    const [p, q] = [(await plain.encode(picture))[0]!, (await calibrated.encode(picture))[0]!];
    // log-ratios shrink by the temperature
    for (let k = 1; k < 7; k += 1) expect(Math.log(q[k]! / q[0]!)).toBeCloseTo(Math.log(p[k]! / p[0]!) / 2.5, 4);
    expect(await identifyModel(cooled)).not.toBe(await identifyModel(frames));
    plain.dispose();
    calibrated.dispose();
  });

  it('with flip averaging, answers with the mean of the logits for a picture and its mirror image', async () => {
    const symmetric = join(dir, 'symmetric');
    await saveTinyFrameModel(symmetric, EXPRESSIONS_7, { flipTta: true });
    const { model: network } = await loadCheckpoint(symmetric);
    const pictures = crops(3);
    const [plain, expected] = tf.tidy(() => {
      const pixels = stacked(pictures);
      const [own, mirrored] = [network.predict(pixels) as tf.Tensor, network.predict(pixels.reverse(2)) as tf.Tensor];
      return [own.softmax(), own.add(mirrored).div(2).softmax()].map((rows) => rows.arraySync() as number[][]);
    }) as [number[][], number[][]];
    network.dispose();
    expect(Math.abs(plain[0]![0]! - expected[0]![0]!)).toBeGreaterThan(1e-4);

    const model = await openModel(symmetric);
    const loaded = tf.memory().numTensors;
    expectClose(await model.encode(pictures), expected);
    expectClose(await model.encode(pictures.map(mirrored)), expected);
    expect(tf.memory().numTensors).toBe(loaded);
    model.dispose();

    const oneSided = await openModel(symmetric, { flipTta: false });
    expect([model.flipTta, oneSided.flipTta]).toEqual([true, false]);
    expectClose(await oneSided.encode(pictures), plain);
    oneSided.dispose();
  });
});

describe('a frame and a temporal checkpoint as expression model', () => {
  it('encodes features, and classifies frames with the whole clip as context', async () => {
    const pictures = crops(6);
    const [frame, temporal] = [
      await loadCheckpoint(join(clips, 'frame')),
      await loadCheckpoint(join(clips, 'temporal')),
    ];
    const expected = tf.tidy(() => {
      const features = encoderOf(frame.model).predict(stacked(pictures)) as tf.Tensor; // [T, D]
      const logits = temporal.model.predict(features.expandDims(0)) as tf.Tensor; // [1, T, C]
      return tf.softmax(logits.div(0.5)).squeeze([0]).arraySync() as number[][];
    });
    frame.model.dispose();
    temporal.model.dispose();

    const before = tf.memory().numTensors;
    const model = await openModel(clips);
    expect(model.context).toEqual({ past: 2, future: 3, hop: 5 });
    const loaded = tf.memory().numTensors;
    const features = await model.encode(pictures);
    expect(features[0]).toHaveLength(16);
    expectClose(await model.classify({ features, timestamps: times(6), from: 0, to: 6 }), expected);
    expectClose(await model.classify({ features, timestamps: times(6), from: 2, to: 5 }), expected.slice(2, 5));
    expect(tf.memory().numTensors).toBe(loaded);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the mean features of picture and mirror image from a frame network with flip averaging', async () => {
    const symmetric = join(dir, 'symmetric-clips');
    await saveTinyClipModel(symmetric, EXPRESSIONS_7, { clipFrames: 10 });
    await saveTinyFrameModel(join(symmetric, 'frame'), EXPRESSIONS_7, { flipTta: true });
    const [one, mean] = [await openModel(clips), await openModel(symmetric)];
    const pictures = crops(3);
    const [plain, other] = [await one.encode(pictures), await one.encode(pictures.map(mirrored))];
    expectClose(
      await mean.encode(pictures),
      plain.map((row, i) => Array.from(row, (value, k) => (value + other[i]![k]!) / 2)),
    );
    one.dispose();
    mean.dispose();
  });

  it('leaves a single picture to the frame network, if that has the same labels', async () => {
    const calm = join(dir, 'calm');
    await saveTinyClipModel(calm, EXPRESSIONS_7, { clipFrames: 10 });
    await saveTinyFrameModel(join(calm, 'frame'), EXPRESSIONS_7, { temperature: 3 });
    const { model: network } = await loadCheckpoint(join(calm, 'frame'));
    const pictures = crops(2);
    const expected = tf.tidy(
      () => tf.softmax((network.predict(stacked(pictures)) as tf.Tensor).div(3)).arraySync() as number[][],
    );
    network.dispose();

    const before = tf.memory().numTensors;
    const model = await openModel(calm);
    const loaded = tf.memory().numTensors;
    const features = await model.encode(pictures);
    expectClose(
      await model.classify({ features: features.slice(0, 1), timestamps: [0], from: 0, to: 1 }),
      expected.slice(0, 1),
    );
    const [together] = await model.classify({ features, timestamps: times(2), from: 0, to: 2 });
    expect(together!.some((p, k) => Math.abs(p - expected[0]![k]!) > 1e-3)).toBe(true);
    expect(tf.memory().numTensors).toBe(loaded);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);

    await saveTinyFrameModel(
      join(calm, 'frame'),
      new LabelSet(
        'seven others',
        EXPRESSIONS_7.labels.map((label) => `${label}?`),
      ),
    );
    const other = await openModel(calm);
    const [alone] = await other.classify({ features: features.slice(0, 1), timestamps: [0], from: 0, to: 1 });
    expect(alone!.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    other.dispose();
  });

  it('waits for no later frames when its network is causal, and feeds masked networks', async () => {
    const causal = join(dir, 'causal');
    await saveTinyClipModel(causal, EXPRESSIONS_7, { clipFrames: 10, temporal: { causal: true, masked: true } });
    const model = await openModel(causal);
    expect(model.context).toEqual({ past: 5, future: 0, hop: 5 });
    const features = await model.encode(crops(6));
    const whole = await model.classify({ features, timestamps: times(6), from: 0, to: 4 });
    const cut = await model.classify({ features: features.slice(0, 4), timestamps: times(4), from: 0, to: 4 });
    expectClose(
      whole,
      cut.map((row) => Array.from(row)),
    );
    model.dispose();
  });

  it('refuses parts that do not fit each other, and leaves no tensor behind', async () => {
    const [otherCrop, otherWidth] = [join(dir, 'other-crop'), join(dir, 'other-width')];
    await saveTinyClipModel(otherCrop, EXPRESSIONS_7, { crop: { ...TINY_CROP, size: 48 } });
    await saveTinyClipModel(otherWidth, EXPRESSIONS_7, { temporal: { features: 20 } });
    const before = tf.memory().numTensors;
    await expect(openModel(otherCrop)).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
    await expect(openModel(otherWidth)).rejects.toThrow(/frame\/ gives 16 features, temporal\/ takes 20/);
    expect(tf.memory().numTensors).toBe(before);
    await rm(join(otherWidth, 'temporal'), { recursive: true });
    await expect(openModel(otherWidth)).rejects.toMatchObject({
      code: 'WEIGHTS_MISSING',
      message: expect.stringContaining('no temporal/') as string,
    });
  });
});

it('knows that it was trained on detected and aligned faces', async () => {
  const aligned = join(dir, 'aligned');
  await saveTinyClipModel(aligned, EXPRESSIONS_7);
  await saveTinyFrameModel(join(aligned, 'frame'), EXPRESSIONS_7, { recipe: { config: { data: 'prepared:crops' } } });
  for (const folder of [aligned, join(aligned, 'frame')]) {
    const model = await openModel(folder);
    expect(model.framing).toBe('aligned');
    model.dispose();
  }
});

describe('choosing a model', () => {
  it('refuses a name that is neither shipped nor a folder, with suggestions', async () => {
    await expect(openModel('face-appi')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/"face-api".*folder/) as string,
    });
    expect(await identifyModel('face-api')).toBe('face-api');
  });

  it('reports a folder without a model', async () => {
    await expect(openModel(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
    const run = join(dir, 'run');
    await saveTinyFrameModel(join(run, 'best'), new LabelSet('two', ['a', 'b']));
    await expect(openModel(run)).rejects.toThrow(/training run.*best/);
  });

  it('identifies a model by its content, in any folder', async () => {
    const copy = join(dir, 'elsewhere', 'copy');
    await mkdir(join(dir, 'elsewhere'));
    await cp(clips, copy, { recursive: true });
    const identity = await identifyModel(clips);
    expect(identity).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await identifyModel(copy)).toBe(identity);
    await writeFile(join(copy, 'notes.txt'), 'not part of the model');
    expect(await identifyModel(copy)).toBe(identity);

    const weights = join(copy, 'temporal', 'weights.bin');
    const bytes = await readFile(weights);
    bytes[100]! ^= 1;
    await writeFile(weights, bytes);
    expect(await identifyModel(copy)).not.toBe(identity);
    await cp(join(clips, 'temporal'), join(copy, 'temporal'), { recursive: true, force: true });
    await appendFile(join(copy, 'frame', 'ferstream.json'), ' ');
    expect(await identifyModel(copy)).not.toBe(identity);
  });
});
