import { tf } from '../tfjs.js';
import { beforeAll, expect, test } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { BatchNorm, normaliseBatch } from './batch-norm.js';

beforeAll(async () => {
  await openBackend();
});

const SHAPES = [
  [4, 5, 3, 6],
  [7, 6],
  [3, 4, 2],
];

function wave(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => 2 + Math.sin((i + 1) * (1.3 + seed))),
    shape,
  );
}

function relativeError(a: tf.Tensor, b: tf.Tensor): number {
  return tf.tidy(() => a.sub(b).norm().div(b.norm()).dataSync()[0]!);
}

test.each(SHAPES)('value and gradients are those of the composed formula: %j', (...shape) => {
  tf.tidy(() => {
    const channels = shape.at(-1)!;
    const inputs = [wave(shape, 1), wave([channels], 2), wave([channels], 3)];
    const composed = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
      const { mean, variance } = tf.moments(x, [...shape.keys()].slice(0, -1));
      return x.sub(mean).div(variance.add(1e-3).sqrt()).mul(gamma).add(beta);
    };
    const ours = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => normaliseBatch(x, gamma, beta, 1e-3).y;
    const contracted =
      (f: typeof ours) =>
      (...xs: tf.Tensor[]): tf.Tensor =>
        f(xs[0]!, xs[1]!, xs[2]!).mul(wave(shape, 4)).square().sum();
    expect(
      relativeError(ours(inputs[0]!, inputs[1]!, inputs[2]!), composed(inputs[0]!, inputs[1]!, inputs[2]!)),
    ).toBeLessThan(1e-5);
    const expected = tf.grads(contracted(composed))(inputs);
    tf.grads(contracted(ours))(inputs).forEach((gradient, i) => {
      expect(relativeError(gradient, expected[i]!)).toBeLessThan(2e-5);
    });
  });
});

test('trains and infers like tf.layers.batchNormalization, and leaks nothing', () => {
  const input = [4, 5, 3, 6];
  const make = (layer: tf.layers.Layer): tf.Sequential => {
    const net = tf.sequential({ layers: [layer] });
    net.build([null, 5, 3, 6]);
    return net;
  };
  const ours = make(new BatchNorm({ momentum: 0.9, epsilon: 1e-3, inputShape: [5, 3, 6] } as never));
  const stock = make(tf.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3, inputShape: [5, 3, 6] }));
  const x = wave(input, 1);
  const step = (): void => {
    for (const net of [ours, stock]) (net.apply(x, { training: true }) as tf.Tensor).dispose();
  };
  step();
  const before = tf.memory().numTensors;
  step();
  step();
  expect(tf.memory().numTensors).toBe(before);
  ours.getWeights().forEach((weight, i) => {
    tf.tidy(() => {
      expect(tf.max(tf.abs(weight.sub(stock.getWeights()[i]!))).dataSync()[0]).toBeLessThan(1e-5);
    });
  });
  tf.tidy(() => {
    expect(relativeError(ours.predict(x) as tf.Tensor, stock.predict(x) as tf.Tensor)).toBeLessThan(1e-5);
  });
  const names = (net: tf.Sequential): string[] =>
    net.layers[0]!.weights.map(({ originalName }) => originalName.replace(/^.*\//, ''));
  expect(names(ours)).toEqual(names(stock));
  tf.dispose(x);
});

test('frozen, it uses and keeps the moving statistics', () => {
  tf.tidy(() => {
    const layer = new BatchNorm({});
    const x = wave([4, 6], 1);
    layer.apply(x);
    layer.trainable = false;
    const y = layer.apply(x, { training: true }) as tf.Tensor; // moving mean 0 and variance 1: nearly unchanged
    expect(relativeError(y, x)).toBeLessThan(1e-3);
    expect([...layer.getWeights()[2]!.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
