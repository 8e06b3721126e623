import { tf } from '../../../model/tfjs.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stripedPictures } from '../../../../test/support/striped-pictures.js';
import { openBackend } from '../../../model/engines/open-backend.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { frameClassifier } from '../../../model/networks/classifier.js';
import { compactResidualNet } from '../../../model/networks/residual-net.js';
import { flip } from '../../augment/pixel.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { FrameEncoder, computeFeatures } from './clip-features.js';
import { ClipTrainingSet } from './clip-training-set.js';

const SIZE = 16;
const AREA = SIZE * SIZE;
const GEOMETRY = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;
/** More than are encoded at a time. */
const COUNT = 131;

/** Stripes are their own mirror images; with a corner lit they are not. */
function lopsided(): Uint8Array {
  const pictures = stripedPictures(COUNT, SIZE);
  for (let i = 0; i < COUNT; i += 1)
    for (let y = 0; y < 6; y += 1) pictures.fill(255, i * AREA + y * SIZE, i * AREA + y * SIZE + 5);
  return pictures;
}
const pictures = lopsided();
const crops = new MemoryCrops(GEOMETRY, pictures);
let encoder: FrameEncoder;
let before = 0;

beforeAll(async () => {
  await openBackend();
  before = tf.memory().numTensors;
  encoder = new FrameEncoder(
    frameClassifier(compactResidualNet({ size: SIZE, width: 4, seed: 1 }), { classes: 3, seed: 1 }),
  );
});
afterAll(() => {
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

function expectClose(actual: Float32Array, wanted: Float32Array): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 4);
  });
}

function mirroredPicture(index: number): Float32Array {
  const data = Float32Array.from(pictures.subarray(index * AREA, (index + 1) * AREA));
  return flip({ data, height: SIZE, width: SIZE, channels: 1 }).data;
}

it('features are those of each crop and of its mirror image, in the given order, and no tensor stays behind', async () => {
  const tensors = tf.memory().numTensors;
  const steps: [number, number][] = [];
  const features = await computeFeatures(crops, encoder, (done, total) => steps.push([done, total]));
  expect(steps.length).toBeGreaterThan(2);
  expect(steps.at(-1)).toEqual([COUNT, COUNT]);
  expect(features.dimensions).toBe(encoder.dimensions);
  const wanted = [130, 0, 64, 0];
  const plain = await features.of(wanted, false);
  const mirrored = await features.of(wanted, true);
  for (const [i, index] of wanted.entries()) {
    const own = (values: Float32Array): Float32Array =>
      values.slice(i * encoder.dimensions, (i + 1) * encoder.dimensions);
    expectClose(own(plain), await encoder.encode(Float32Array.from(await crops.read([index])), GEOMETRY, false));
    expectClose(own(mirrored), await encoder.encode(mirroredPicture(index), GEOMETRY, false));
    expect(Math.max(...own(plain).map((value, d) => Math.abs(value - own(mirrored)[d]!)))).toBeGreaterThan(1e-3);
  }
  expect(tf.memory().numTensors).toBe(tensors);
});

it('a clip drawn is the features of its frames, and its second view those of the mirror images', async () => {
  const labels = Array.from({ length: 9 }, (_, i) => i % 3);
  const clips = [{ rowIds: labels.map((_, i) => String(i)), crops: labels.map((_, i) => 20 + i), labels }];
  const tensors = tf.memory().numTensors;
  for (const pixels of [null, { crops, encoder }]) {
    const options = { frames: 6, temporalScale: null, skipping: null, flip: 0, pixels };
    const set = new ClipTrainingSet(clips, await computeFeatures(crops, encoder), options);
    const batch = await set.sampleBatch([0], 'mirrored', new SeededRandom(4));
    expect(batch.first).toHaveLength(6 * encoder.dimensions);
    expect(batch.second).toHaveLength(6 * encoder.dimensions);
    if (pixels === null) {
      const frame = batch.rows[2]!;
      expectClose(
        batch.second!.slice(2 * encoder.dimensions, 3 * encoder.dimensions),
        await encoder.encode(mirroredPicture(20 + frame), GEOMETRY, false),
      );
    }
  }
  expect(tf.memory().numTensors).toBe(tensors);
});

it('more than memory should hold is refused, with a way out', async () => {
  const many = {
    ...GEOMETRY,
    geometry: GEOMETRY,
    count: 2 ** 30,
    read: () => Promise.reject(new Error('not reached')),
  };
  await expect(computeFeatures(many, encoder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('--features') as string,
  });
});
