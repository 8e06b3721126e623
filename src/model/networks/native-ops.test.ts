import { tf } from '../tfjs.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { findPackage } from '../engines/packages.js';
import { normaliseBatch, normalisePortably } from './batch-norm.js';
import { nativeBackend, nativeBatchNorm, nativeBatchNormGradient } from './native-ops.js';

const native = findPackage('@tensorflow/tfjs-node');
if (!native) {
  console.warn(
    "SKIPPED: batch normalisation with TensorFlow's own kernels is not tested: @tensorflow/tfjs-node is not installed; install it, or name a folder with a build of it in FERSTREAM_NATIVE_DIR (docs/engines.md)",
  );
}

const EPSILON = 1e-3;

/** Far from zero, as a variance computed carelessly would show. */
function wave(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => 2 + Math.sin((i + 1) * (1.3 + seed))),
    shape,
  );
}

/** |a - b| / |b|, and no NaN where both are nothing. */
function relativeError(a: tf.Tensor, b: tf.Tensor): number {
  return tf.tidy(() => a.sub(b).norm().div(b.norm().add(1e-6)).dataSync()[0]!);
}

test('plain JavaScript is not taken for the native engine', async () => {
  await tf.setBackend('cpu');
  expect(nativeBackend()).toBeNull();
});

describe.skipIf(!native)('on tfjs-node', () => {
  beforeAll(async () => {
    await openBackend({ backend: 'tfjs-node' });
  });

  test.each([[[4, 5, 3, 6]], [[7, 6]], [[3, 4, 2]], [[64, 12, 12, 24]], [[1, 3]]])(
    'value, statistics and gradients are those of the portable operations: %j',
    (shape) => {
      const channels = shape.at(-1)!;
      const inputs = tf.tidy(() => [wave(shape, 1), wave([channels], 2), wave([channels], 3)] as const);
      const compute = (normalise: typeof normaliseBatch): tf.Tensor[] =>
        tf.tidy(() => {
          const { y, mean, variance } = normalise(...inputs, EPSILON);
          const through = (...[x, gamma, beta]: tf.Tensor[]): tf.Tensor => {
            const batch = normalise(x!, gamma!, beta!, EPSILON);
            tf.dispose([batch.mean, batch.variance]);
            return batch.y.mul(wave(shape, 4)).square().sum();
          };
          return [y, mean, variance, ...tf.grads(through)([...inputs])];
        });
      expect(nativeBackend()).not.toBeNull();
      const ours = compute(normaliseBatch);
      const expected = compute(normalisePortably);
      expect(ours).toHaveLength(6);
      for (const [i, tensor] of ours.entries()) {
        expect(tensor.shape).toEqual(expected[i]!.shape);
        expect(relativeError(tensor, expected[i]!)).toBeLessThan(2e-5);
      }
      tf.dispose([...inputs, ...ours, ...expected]);
    },
  );

  test('the variance is that of the batch, not an estimate of its source', () => {
    tf.tidy(() => {
      const { variance } = nativeBatchNorm(
        nativeBackend()!,
        tf.tensor2d([[1], [3]]),
        tf.ones([1]),
        tf.zeros([1]),
        EPSILON,
      );
      expect(variance.dataSync()[0]).toBeCloseTo(1, 6); // the estimate would be 2
    });
  });

  test('the kernels leave nothing behind but what they give', () => {
    const inputs = [wave([4, 5, 3, 6], 1), wave([6], 2), wave([6], 3), wave([4, 5, 3, 6], 4)] as const;
    const [x, gamma, beta, dy] = inputs;
    const before = tf.memory().numTensors;
    const { y, mean, variance, reserved } = nativeBatchNorm(nativeBackend()!, x, gamma, beta, EPSILON);
    const gradient = nativeBatchNormGradient(nativeBackend()!, dy, x, gamma, reserved, EPSILON);
    expect(tf.memory().numTensors).toBe(before + 3 + reserved.length + 3);
    tf.dispose([y, mean, variance, ...reserved, ...gradient]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...inputs]);
  });
});
