import { tf } from '../tfjs.js';
import { expect, it } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { LayerNorm } from './layers.js';

await openBackend();

it('gives what tf.layers.layerNormalization gives, with the same gradients', async () => {
  const own = new LayerNorm({ name: 'own', epsilon: 1e-5 });
  const stock = tf.layers.layerNormalization({ name: 'stock', epsilon: 1e-5 });
  const x = tf.randomNormal([3, 5, 7], 2, 3, 'float32', 1); // [B, T, C]
  const before = tf.memory().numTensors;
  for (const layer of [own, stock]) (layer.apply(x) as tf.Tensor).dispose(); // builds it
  const weights = [tf.randomNormal([7], 1, 1, 'float32', 2), tf.randomNormal([7], 0, 1, 'float32', 3)];
  own.setWeights(weights);
  stock.setWeights(weights);
  const coefficients = tf.randomNormal(x.shape, 0, 1, 'float32', 4);
  const results = [own, stock].map((layer) => {
    const variables = layer.trainableWeights.map(variableOf);
    return tf.tidy(() => {
      const y = layer.apply(x) as tf.Tensor;
      const loss = (): tf.Scalar => (layer.apply(x) as tf.Tensor).mul(coefficients).sum();
      const { grads } = tf.variableGrads(loss, variables);
      return [
        y,
        tf.grad((input) => (layer.apply(input) as tf.Tensor).mul(coefficients).sum())(x),
        ...variables.map(({ name }) => grads[name]!),
      ];
    });
  });
  const [mine, theirs] = await Promise.all(
    results.map((tensors) => Promise.all(tensors.map((tensor) => tensor.data()))),
  );
  mine!.forEach((values, i) => {
    values.forEach((value, j) => {
      expect(value).toBeCloseTo(theirs![i]![j]!, 4);
    });
  });
  tf.dispose([...results.flat(), coefficients, ...weights]);
  own.dispose();
  stock.dispose();
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
});

it('is found again in a saved model', () => {
  const input = tf.input({ shape: [null, 4] });
  const model = tf.model({
    inputs: input,
    outputs: new LayerNorm({ name: 'norm', epsilon: 0.25 }).apply(input) as tf.SymbolicTensor,
  });
  const json = JSON.stringify(model.toJSON(null, false));
  expect(json).toContain('FerLayerNorm');
  expect(json).toContain('0.25');
  model.dispose();
});

function variableOf(weight: tf.LayerVariable): tf.Variable {
  const value: unknown = weight.read();
  if (value instanceof tf.Variable) return value as tf.Variable;
  throw new Error(`${weight.name} is no variable`);
}
