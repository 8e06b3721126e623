import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { LandmarkNet } from '../src/ingest/face/align/landmark-net.js';
import { SsdMobileNet } from '../src/ingest/face/detect/ssd-mobilenet.js';
import { TinyFaceDetector } from '../src/ingest/face/detect/tiny-face-detector.js';
import { faceNetToOnnx } from '../src/ingest/face/face-nets-to-onnx.js';
import { EmbeddingNet } from '../src/ingest/face/re-identify/embedding-net.js';
import { loadCheckpoint } from '../src/model/checkpoint/load-checkpoint.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { modelToOnnx } from '../src/model/heads/export-model.js';
import { SHIPPED_MODELS, trainedPart } from '../src/model/heads/shipped-models.js';

const PHOTOS = join(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'), '../demo');
/** A face of sample1.jpg and one of sample3.jpg. */
const FACES = [
  ['sample1.jpg', { left: 700, top: 150, width: 400, height: 400 }],
  ['sample3.jpg', { left: 420, top: 240, width: 620, height: 620 }],
] as const;

beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
});

/** [B, size, size, channels], 0..255 */
async function crops(size: number, channels: 1 | 3): Promise<Float32Array> {
  const images = await Promise.all(
    FACES.map(([photo, region]) => {
      const image = sharp(join(PHOTOS, photo)).extract(region).resize(size, size);
      return (channels === 1 ? image.greyscale() : image).raw().toBuffer();
    }),
  );
  return Float32Array.from(Buffer.concat(images));
}

async function run(file: Uint8Array, input: string, data: Float32Array, shape: number[]): Promise<Float32Array[]> {
  const session = await InferenceSession.create(file);
  const results = await session.run({ [input]: new Tensor('float32', data, shape) });
  return session.outputNames.map((name) => results[name]!.data as Float32Array);
}

function expectEqual(actual: readonly Float32Array[], expected: readonly tf.Tensor[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, tensor] of expected.entries()) {
    const values = tensor.dataSync<'float32'>();
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = values.reduce((largest, value, at) => Math.max(largest, Math.abs(value - actual[i]![at]!)), 0);
    expect(worst / scale).toBeLessThan(1e-4);
  }
}

it('the default model gives the same features and logits on real faces', async () => {
  const folder = join(SHIPPED_MODELS, 'default');
  const files = await modelToOnnx(folder, '0.0.0');
  expect(files.map(({ name }) => name)).toEqual(['frame.onnx']);
  const { model: frame, info } = await loadCheckpoint(await trainedPart('default', 'frame'));
  const { size, channels } = info.crop;
  const images = await crops(size, channels);
  const shape = [FACES.length, size, size, channels];
  const outputs = ['features', 'logits'].map((name) => frame.getLayer(name).output as tf.SymbolicTensor);
  const results = await run(files[0]!.content, 'image', images, shape);
  expectEqual(results, tf.model({ inputs: frame.inputs, outputs }).predict(tf.tensor(images, shape)) as tf.Tensor[]);
});

describe('a face network gives the same on real faces', () => {
  it.each([
    ['landmarks', 112, async () => LandmarkNet.load('tiny')],
    ['landmarks-full', 112, async () => LandmarkNet.load('full')],
    ['embedding', 150, async () => EmbeddingNet.load()],
    ['tiny-face-detector', 320, async () => TinyFaceDetector.load()],
  ] as const)('%s', async (name, size, load) => {
    const net = await load();
    const images = (await crops(size, 3)).map((value) => (value - 115) / 255);
    const shape: [number, number, number, number] = [FACES.length, size, size, 3];
    const expected = tf.tidy(() => net.forward(tf.tensor4d(images, shape)));
    expectEqual(await run(await faceNetToOnnx(name, '0.0.0'), 'image', images, shape), [expected]);
    net.dispose();
  });

  it('ssd', async () => {
    const net = await SsdMobileNet.load();
    const images = (await crops(512, 3)).slice(0, 512 * 512 * 3).map((value) => value / 127.5 - 1);
    const expected = tf.tidy(() => net.forward(tf.tensor4d(images, [1, 512, 512, 3])));
    expectEqual(await run(await faceNetToOnnx('ssd', '0.0.0'), 'image', images, [1, 512, 512, 3]), expected);
    net.dispose();
  });
});
