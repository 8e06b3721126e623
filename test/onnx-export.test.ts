import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tf } from '../src/model/tfjs.js';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { FACE_NETWORKS, faceNetToOnnx } from '../src/ingest/face/face-nets.js';
import { loadCheckpoint } from '../src/model/checkpoint/checkpoint.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { modelToOnnx } from '../src/model/heads/export-model.js';
import { SHIPPED_MODELS, trainedPart } from '../src/model/heads/model-folder.js';
import { hasOnnxRuntime, runOnnx } from './support/onnx-runtime.js';

const available = hasOnnxRuntime('exported networks are not run on real faces');

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

function expectEqual(actual: readonly Float32Array[], expected: readonly tf.Tensor[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, tensor] of expected.entries()) {
    const values = tensor.dataSync<'float32'>();
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = values.reduce((largest, value, at) => Math.max(largest, Math.abs(value - actual[i]![at]!)), 0);
    expect(worst / scale).toBeLessThan(1e-4);
  }
}

it.skipIf(!available)('the default model gives the same features and logits on real faces', async () => {
  const folder = join(SHIPPED_MODELS, 'default');
  const files = await modelToOnnx(folder, '0.0.0');
  expect(files.map(({ name }) => name)).toEqual(['frame.onnx']);
  const { model: frame, info } = await loadCheckpoint(await trainedPart('default', 'frame'));
  const { size, channels } = info.crop;
  const images = await crops(size, channels);
  const shape = [FACES.length, size, size, channels];
  const outputs = ['features', 'logits'].map((name) => frame.getLayer(name).output as tf.SymbolicTensor);
  const results = await runOnnx(files[0]!.content, { image: [images, shape] });
  expectEqual(
    ['features', 'logits'].map((name) => results[name]!),
    tf.model({ inputs: frame.inputs, outputs }).predict(tf.tensor(images, shape)) as tf.Tensor[],
  );
});

describe.skipIf(!available)('a face network gives the same on real faces', () => {
  it.each(FACE_NETWORKS.map((network) => [network.name, network] as const))('%s', async (_, network) => {
    const [batch, size] = network.inputs[0]!.shape as ['batch' | 1, number];
    const [low, high] = network.range;
    const faces = (await crops(size, 3)).map((value) => low + ((high - low) * value) / 255);
    const shape = [batch === 1 ? 1 : FACES.length, size, size, 3];
    const images = faces.slice(0, tf.util.sizeFromShape(shape));
    const loaded = await network.load();
    const expected = tf.tidy(() => loaded.run(tf.tensor(images, shape)));
    loaded.dispose();
    const results = await runOnnx(await faceNetToOnnx(network, '0.0.0'), { image: [images, shape] });
    expectEqual(
      network.outputs.map((name) => results[name]!),
      expected,
    );
  });
});
