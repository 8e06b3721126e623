import { beforeAll, describe, expect, test } from 'vitest';
import type { BackendName } from '../engines/backend.js';
import { openBackend } from '../engines/open-backend.js';
import { findPackage } from '../engines/packages.js';
import { tf } from '../tfjs.js';
import { Relu, rectify } from './residual-net.js';

const native = findPackage('@tensorflow/tfjs-node');
if (!native) {
  console.warn(
    "SKIPPED: the gradient of rectified layers by TensorFlow's own kernel is not tested: @tensorflow/tfjs-node is not installed; install it, or name a folder with a build of it in FERSTREAM_NATIVE_DIR (docs/engines.md)",
  );
}

const ENGINES: readonly BackendName[] = native ? ['wasm', 'tfjs-node'] : ['wasm'];

describe.each(ENGINES)('on %s', (backend) => {
  beforeAll(async () => {
    await openBackend({ backend });
  });

  test('value and gradient, at zero too', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([
        [-2, -1e-30, 0],
        [1e-30, 3, -0],
      ]);
      const dy = tf.tensor2d([
        [1, 2, 3],
        [4, -5, 6],
      ]);
      expect([...rectify(x).abs().dataSync()]).toEqual([0, 0, 0, Math.fround(1e-30), 3, 0]);
      const gradient = tf.grad(rectify)(x, dy);
      expect(gradient.shape).toEqual([2, 3]);
      expect([...gradient.abs().dataSync()]).toEqual([0, 0, 0, 4, 5, 0]);
      expect(gradient.dataSync()[4]).toBe(-5);
    });
  });

  test('the layer leaves nothing behind, in training or without', () => {
    const layer = new Relu();
    const x = tf.randomNormal([3, 4, 4, 2], 0, 1, 'float32', 1);
    const loss = (input: tf.Tensor): tf.Scalar => (layer.apply(input, { training: true }) as tf.Tensor).square().sum();
    const before = tf.memory().numTensors;
    tf.grad(loss)(x).dispose();
    (layer.apply(x) as tf.Tensor).dispose();
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});
