import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { tf } from '../tfjs.js';
import { FaceExpressionNet } from './face-api-nets.js';

/** The part of face-api that the test compares with; the bundle shares this process's TensorFlow.js engine. */
interface StockFaceApi {
  nets: {
    faceExpressionNet: {
      loadFromDisk(dir: string): Promise<void>;
      forward(input: tf.Tensor[]): Promise<tf.Tensor2D>;
      dispose(): void;
    };
  };
}

beforeAll(async () => {
  await openBackend({});
});

describe('FaceExpressionNet', () => {
  it('gives the same posteriors as the stock network', async () => {
    const require = createRequire(import.meta.url);
    const { nets } = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as StockFaceApi;
    await nets.faceExpressionNet.loadFromDisk(
      join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model'),
    );
    const ours = await FaceExpressionNet.load();
    const faces = tf.randomUniform<tf.Rank.R4>([3, 112, 112, 3], 0, 255, 'float32', 7);
    const single = tf.unstack(faces);
    const stock = await nets.faceExpressionNet.forward(single);
    const posteriors = tf.tidy(() => tf.softmax(ours.logits(faces)));
    const [expected, actual] = [await stock.data(), await posteriors.data()];
    expect(actual).toHaveLength(21);
    for (let k = 0; k < 21; k += 1) expect(actual[k]).toBeCloseTo(expected[k]!, 4);
    tf.dispose([faces, single, stock, posteriors]);
    ours.dispose();
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const net = await FaceExpressionNet.load();
    const faces = tf.zeros<tf.Rank.R4>([2, 112, 112, 3]);
    net.logits(faces).dispose();
    faces.dispose();
    net.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
