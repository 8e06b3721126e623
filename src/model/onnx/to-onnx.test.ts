import { tf } from '../tfjs.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasOnnxRuntime, runOnnx } from '../../../test/support/onnx-runtime.js';
import { openBackend } from '../engines/open-backend.js';
import { ensembleClassifiers, frameClassifier } from '../networks/classifier.js';
import { compactResidualNet } from '../networks/residual-net.js';
import { faceResNet } from '../networks/face-resnet.js';
import { BatchNorm } from '../networks/batch-norm.js';
import { temporalEncoder } from '../networks/temporal-encoder.js';
import { GraphNetwork } from '../pretrained/graph-network.js';
import { loadHumanGraph } from '../pretrained/weight-files.js';
import { functionToOnnx, layersModelToOnnx } from './to-onnx.js';

const available = hasOnnxRuntime('exported networks are not run');
const ABOUT = { name: 'test', version: '0.0.0', metadata: { labels: 'a,b' } };

beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
});

/** Reproducible values with the given spread. */
function values(shape: readonly number[], scale = 1): Float32Array {
  return Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => scale * Math.sin(i * 12.9898) ** 3);
}

function expectEqual(actual: Float32Array, expected: Float32Array, tolerance = 1e-4): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  const worst = actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
  expect(worst).toBeLessThan(tolerance * scale);
  expect(new Set(expected).size).toBeGreaterThan(1);
}

describe.skipIf(!available)('a frame network gives the same features and logits for batches of any size', () => {
  test.each([
    ['plain layers', () => Promise.resolve(plainNetwork())],
    [
      'ensemble',
      () =>
        ensembleClassifiers([
          frameClassifier(compactResidualNet({ width: 8, depth: 2 }), { classes: 5, dropout: 0.5 }),
          frameClassifier(faceResNet({ enlargeTo: 67 }), { classes: 5 }),
        ]),
    ],
  ] as const)('%s', async (_, build) => {
    const model = await build();
    randomise(model);
    const before = tf.memory().numTensors;
    const file = await layersModelToOnnx(model, ['features', 'logits'], ABOUT);
    expect(tf.getBackend()).toBe('wasm');
    expect(tf.memory().numTensors).toBe(before);
    const input = model.inputLayers[0]!;
    for (const batch of [1, 3]) {
      const shape = [batch, ...(input.batchInputShape.slice(1) as number[])];
      const image = values(shape, 100);
      const results = await runOnnx(file, { [input.name]: [image, shape] });
      for (const name of ['features', 'logits']) {
        const part = tf.model({ inputs: model.inputs, outputs: model.getLayer(name).output });
        expectEqual(
          results[name]!,
          tf.tidy(() => (part.predict(tf.tensor(image, shape)) as tf.Tensor).dataSync<'float32'>()),
        );
      }
    }
    model.dispose();
  });
});

describe.skipIf(!available)('a temporal network gives the same logits for clips of any number and length', () => {
  test.each([
    ['plain', {}],
    ['with positions, causal, several heads', { positionalCode: true, causal: true, heads: 4 }],
    ['masked', { masked: true, heads: 2, positionalCode: true }],
    ['relative, on top of the frame network', { relative: true, frameLogits: true }],
    ['relative, causal', { relative: true, causal: true }],
    ['relative, masked', { relative: true, masked: true }],
  ])('%s', async (_, options) => {
    const model = temporalEncoder({ features: 12, classes: 5, width: 16, layers: 2, feedForward: 24, ...options });
    randomise(model);
    const file = await layersModelToOnnx(model, ['logits'], ABOUT);
    for (const [batch, time] of [
      [1, 1],
      [2, 7],
      [1, 150],
    ] as const) {
      const clip = values([batch, time, 12]);
      const present = Float32Array.from({ length: batch * time }, (__, i) => (i % time < time / 2 ? 1 : 0));
      const masked = model.inputs.length > 1;
      const { logits } = await runOnnx(file, {
        features: [clip, [batch, time, 12]],
        ...(masked && { present: [present, [batch, time]] as [Float32Array, readonly number[]] }),
      });
      const expected = tf.tidy(() => {
        const x = tf.tensor(clip, [batch, time, 12]);
        const inputs = masked ? [x, tf.tensor(present, [batch, time])] : x;
        return (model.predict(inputs) as tf.Tensor).dataSync<'float32'>();
      });
      expectEqual(logits!, expected);
    }
    model.dispose();
  });
});

describe.skipIf(!available)('a borrowed graph gives the same for pictures of any number and size', () => {
  test.each([
    [
      'blazeface',
      ['Identity', 'Identity_1', 'Identity_2', 'Identity_3'],
      [
        [128, 128],
        [192, 256],
      ],
    ],
    ['facemesh', ['Identity_1'], [[192, 192]]],
  ] as const)('%s', async (name, outputs, sizes) => {
    const { nodes, weights } = await loadHumanGraph(name);
    const network = new GraphNetwork(nodes, weights, outputs);
    const input = { name: 'image', shape: ['batch', 192, 192, 3] as const, label: ['batch', 'height', 'width', 3] };
    const file = functionToOnnx((x) => network.run(x as tf.Tensor4D), [input], outputs, ABOUT);
    for (const [height, width] of sizes) {
      const shape = [2, height, width, 3];
      const image = values(shape);
      const results = await runOnnx(file, { image: [image, shape] });
      const expected = tf.tidy(() =>
        network.run(tf.tensor4d(image, shape as [number, number, number, number])).map((x) => x.dataSync<'float32'>()),
      );
      for (const [i, output] of outputs.entries())
        if (expected[i]!.length > 2) expectEqual(results[output]!, expected[i]!);
        else expect(results[output]![0]).toBeCloseTo(expected[i]![0]!, 4);
    }
    network.dispose();
  });
});

test('the model still computes after it was exported, and twice gives the same file', async () => {
  const model = frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 3 });
  const x = tf.tensor4d(values([1, 16, 16, 1]), [1, 16, 16, 1]);
  const before = (model.predict(x) as tf.Tensor).dataSync();
  const first = await layersModelToOnnx(model, ['logits'], ABOUT);
  const second = await layersModelToOnnx(model, ['logits'], ABOUT);
  expect(Buffer.compare(first, second)).toBe(0);
  expect([...(model.predict(x) as tf.Tensor).dataSync()]).toEqual([...before]);
});

test.skipIf(!available)('what becomes of a network can be exported with it: mirrored input, several runs', async () => {
  const model = frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 3 });
  const shape = [2, 16, 16, 1];
  const image = values(shape);
  const file = await layersModelToOnnx(model, ['logits'], ABOUT, {
    outputs: ['sum'],
    compose: (network, x) => [tf.add(network(x)[0]!, network(tf.reverse(x, 2))[0]!)],
  });
  const { sum } = await runOnnx(file, { [model.inputLayers[0]!.name]: [image, shape] });
  const expected = tf.tidy(() => {
    const x = tf.tensor(image, shape);
    return tf.add(model.predict(x) as tf.Tensor, model.predict(tf.reverse(x, 2)) as tf.Tensor).dataSync<'float32'>();
  });
  expectEqual(sum!, expected);
  model.dispose();
});

test('an operation without equivalent is refused by name', () => {
  expect(() => functionToOnnx((x) => [tf.cumprod(x)], [{ name: 'x', shape: ['batch', 3] }], ['y'], ABOUT)).toThrow(
    /Cumprod/,
  );
  expect(tf.getBackend()).toBe('wasm');
});

/** Layers that no network of the others has: colour, pooling over the edge, a normalisation that cannot be folded, concatenated pictures. */
function plainNetwork(): tf.LayersModel {
  const { layers } = tf;
  const image = tf.input({ shape: [17, 20, 3], name: 'image' });
  const conv = (filters: number, strides: number): tf.layers.Layer =>
    layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', activation: 'relu' });
  const first = conv(4, 2).apply(image) as tf.SymbolicTensor;
  const pooled = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(first) as tf.SymbolicTensor;
  const normal = new BatchNorm().apply(pooled) as tf.SymbolicTensor;
  const joined = layers.concatenate().apply([normal, conv(3, 1).apply(pooled) as tf.SymbolicTensor]);
  const features = layers.globalAveragePooling2d({ name: 'features' }).apply(joined);
  const logits = layers.dense({ units: 5, name: 'logits', activation: 'sigmoid' }).apply(features) as tf.SymbolicTensor;
  return tf.model({ inputs: image, outputs: logits });
}

/** Weights of untrained layers are partly zero: these are not. */
function randomise(model: tf.LayersModel): void {
  tf.tidy(() => {
    for (const layer of model.layers)
      layer.setWeights(
        layer.getWeights().map((weight, i) => {
          const scale = weight.rank >= 2 ? Math.sqrt(2 / (weight.size / weight.shape.at(-1)!)) : 0.2;
          const noise = tf.tensor(values(weight.shape, scale), weight.shape);
          return layer.getClassName() === 'FerBatchNorm' || layer.getClassName() === 'FerLayerNorm'
            ? noise.add(i === 1 || i === 2 ? 0 : 1)
            : noise;
        }),
      );
  });
}
