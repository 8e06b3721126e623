import { tf } from '../tfjs.js';
import { beforeAll, expect, test } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { BatchNorm } from './batch-norm.js';
import { encoderOf, frameClassifier } from './classifier.js';
import { compactResidualNet, resNet18 } from './residual-net.js';
import { foldBatchNorm } from './topology.js';

beforeAll(async () => {
  await openBackend();
});

/** As after training: other statistics than a new network's, in which folding would change nothing. */
function withStatistics(model: tf.LayersModel): tf.LayersModel {
  tf.tidy(() => {
    for (const layer of norms(model))
      layer.setWeights(
        layer.getWeights().map((weight, i) => tf.randomUniform(weight.shape, 0.5, 1.5, 'float32', i + 1)),
      );
  });
  return model;
}

function norms(model: tf.LayersModel): tf.layers.Layer[] {
  return model.layers.filter((layer) => layer instanceof BatchNorm);
}

function answers(model: tf.LayersModel, shape: number[]): Float32Array {
  return tf.tidy(() =>
    (model.predict(tf.randomUniform(shape, 0, 255, 'float32', 7)) as tf.Tensor).dataSync<'float32'>().slice(),
  );
}

function expectSame(ours: Float32Array, expected: Float32Array): void {
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...ours.map((value, i) => Math.abs(value - expected[i]!)));
  expect(largest).toBeGreaterThan(0.1);
  expect(error).toBeLessThan(1e-5 * largest);
}

test.each([
  [
    'compact residual net',
    () => frameClassifier(compactResidualNet({ size: 16, width: 4, depth: 2 }), { classes: 5, dropout: 0.3 }),
    [3, 16, 16, 1],
  ],
  ['ResNet-18', () => frameClassifier(resNet18({ size: 32 }), { classes: 5 }), [2, 32, 32, 3]],
] as const)(
  '%s: gives the same without batch normalisation, and the given model is unchanged',
  async (_, build, shape) => {
    const before = tf.memory().numTensors;
    const model = withStatistics(build());
    const expected = answers(model, [...shape]);
    const own = tf.memory().numTensors;
    const lean = await foldBatchNorm(model);
    expect(norms(lean)).toEqual([]);
    expectSame(answers(lean, [...shape]), expected);
    expectSame(answers(encoderOf(lean), [...shape]), answers(encoderOf(model), [...shape]));
    lean.dispose();
    expect(tf.memory().numTensors).toBe(own);
    expect(answers(model, [...shape])).toEqual(expected);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

test('a normalisation without its own plain convolution before it is kept', async () => {
  const input = tf.input({ shape: [4, 4, 2] });
  const conv = tf.layers
    .conv2d({ name: 'shared', filters: 3, kernelSize: 1, useBias: false })
    .apply(input) as tf.SymbolicTensor;
  const biased = tf.layers.conv2d({ name: 'biased', filters: 3, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
  const activated = tf.layers
    .conv2d({ name: 'activated', filters: 3, kernelSize: 1, useBias: false, activation: 'relu' })
    .apply(input) as tf.SymbolicTensor;
  // What `shared` gives is used twice: before the normalisation, too.
  const outputs = [conv, biased, activated].map(
    (x, i) => new BatchNorm({ name: `norm${i}` }).apply(x) as tf.SymbolicTensor,
  );
  const sum = tf.layers.add().apply([conv, ...outputs]) as tf.SymbolicTensor;
  const model = withStatistics(tf.model({ inputs: input, outputs: sum }));
  const lean = await foldBatchNorm(model);
  expect(norms(lean).map(({ name }) => name)).toEqual(['norm0', 'norm1', 'norm2']);
  expectSame(answers(lean, [2, 4, 4, 2]), answers(model, [2, 4, 4, 2]));
  lean.dispose();
  model.dispose();
});
