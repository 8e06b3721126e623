import { tf } from '../tfjs.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { initialiseFrom } from '../checkpoint/checkpoint.js';
import { currentBackend, openBackend } from '../engines/open-backend.js';
import { encoderOf, frameClassifier } from './classifier.js';
import { compactResidualNet, resNet18 } from './residual-net.js';
import { reseedDropout } from './layers.js';
import { setFrameHead, temporalEncoder } from './temporal-encoder.js';

beforeAll(async () => {
  await openBackend();
});

function wave(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin((i + 1) * (1.3 + seed))),
    shape,
  );
}

function largest(x: tf.Tensor): number {
  return tf.tidy(() => x.abs().max().dataSync()[0]!);
}

/** Through JSON and weight data, as any tfjs checkpoint goes. */
async function copyThroughTfjsFormat(model: tf.LayersModel): Promise<tf.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = JSON.parse(JSON.stringify({ ...artifacts, weightData: undefined })) as tf.io.ModelArtifacts;
      saved.weightData = artifacts.weightData!;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } });
    }),
  );
  return tf.loadLayersModel(tf.io.fromMemory(saved!));
}

/** Gradients of one training step by every weight, by weight name. */
async function gradientsOn(
  engine: string,
  build: () => tf.LayersModel,
  inputs: () => tf.Tensor[],
): Promise<Map<string, Float32Array>> {
  await tf.setBackend(engine);
  const model = build();
  const xs = inputs();
  const before = tf.memory().numTensors;
  const { value, grads } = tf.variableGrads(() => {
    const y = model.apply(xs.length === 1 ? xs[0]! : xs, { training: true }) as tf.Tensor;
    return y.mul(wave(y.shape, 3)).sum<tf.Scalar>().add(y.square().mean());
  });
  const result = new Map<string, Float32Array>();
  // tfjs gives every model's variables new suffixes: their order is the same.
  let i = 0;
  for (const gradient of Object.values(grads)) result.set(String(i++), (await gradient.data()) as Float32Array);
  tf.dispose([value, ...Object.values(grads)]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose(xs);
  model.dispose();
  return result;
}

async function expectCpuGradients(build: () => tf.LayersModel, inputs: () => tf.Tensor[]): Promise<void> {
  const engine = tf.getBackend();
  expect(currentBackend()).not.toBeNull();
  const ours = await gradientsOn(engine, build, inputs);
  const reference = await gradientsOn('cpu', build, inputs);
  await tf.setBackend(engine);
  expect(ours.size).toBe(reference.size);
  let difference = 0;
  let norm = 0;
  for (const [name, gradient] of ours) {
    gradient.forEach((value, i) => {
      difference += (value - reference.get(name)![i]!) ** 2;
      norm += reference.get(name)![i]! ** 2;
    });
  }
  expect(norm).toBeGreaterThan(0);
  expect(Math.sqrt(difference / norm)).toBeLessThan(1e-5);
}

describe('compact residual net', () => {
  test('has the announced number of parameters', () => {
    const parameters = (options: object): number => {
      const model = frameClassifier(compactResidualNet(options), { classes: 8 });
      const count = model.countParams();
      model.dispose();
      return count;
    };
    expect(parameters({})).toBeGreaterThan(171_000);
    expect(parameters({})).toBeLessThan(176_000);
    expect(Math.round(parameters({ width: 64 }) / 1e5)).toBe(12);
    expect(Math.round(parameters({ width: 48, depth: 2 }) / 1e5)).toBe(16);
  });

  test('gives logits for every image, independent of the pixel range', () => {
    const model = frameClassifier(compactResidualNet({ size: 32, width: 8 }), { classes: 5, dropout: 0.5 });
    tf.tidy(() => {
      const x = wave([3, 32, 32, 1], 1);
      const y = model.predict(x) as tf.Tensor;
      expect(y.shape).toEqual([3, 5]);
      expect(largest(y.sub(model.predict(x.mul(20).add(30)) as tf.Tensor))).toBeLessThan(1e-4);
      expect(largest(y)).toBeGreaterThan(0);
      const encoder = encoderOf(model);
      expect((encoder.predict(x) as tf.Tensor).shape).toEqual([3, 32]);
    });
    model.dispose();
  });

  test('continues as a deeper one from the same answers', () => {
    const [shallow, deep, other] = [1, 2, 2].map((depth, i) =>
      frameClassifier(compactResidualNet({ size: 16, width: 4, depth, seed: i + 1 }), { classes: 3, seed: i + 1 }),
    ) as [tf.LayersModel, tf.LayersModel, tf.LayersModel];
    const { missing } = initialiseFrom(deep, shallow);
    expect(missing).not.toHaveLength(0);
    expect(missing.every((name) => name.includes('_block2_'))).toBe(true);
    tf.tidy(() => {
      const x = wave([3, 16, 16, 1], 1);
      const expected = shallow.predict(x) as tf.Tensor;
      expect(largest(expected.sub(deep.predict(x) as tf.Tensor))).toBeLessThan(1e-5);
      expect(largest(expected.sub(other.predict(x) as tf.Tensor))).toBeGreaterThan(1e-2);
      // The new blocks are not dead: their last scale has a gradient.
      const { grads } = tf.variableGrads(() => (deep.apply(x, { training: true }) as tf.Tensor).square().mean());
      const last = Object.entries(grads).filter(([name]) => name.includes('stage2_block2_2_norm/gamma'));
      expect(last).toHaveLength(1);
      expect(largest(last[0]![1])).toBeGreaterThan(0);
    });
    for (const model of [shallow, deep, other]) model.dispose();
  });

  test('a black image gives finite logits', () => {
    const model = frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 3 });
    tf.tidy(() => {
      expect((model.predict(tf.zeros([1, 16, 16, 1])) as tf.Tensor).isFinite().all().dataSync()[0]).toBe(1);
    });
    model.dispose();
  });

  test('the same seed gives the same start, another one another', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => compactResidualNet({ size: 16, width: 4, seed })) as [
      tf.LayersModel,
      tf.LayersModel,
      tf.LayersModel,
    ];
    tf.tidy(() => {
      const x = wave([2, 16, 16, 1], 1);
      const ya = a.predict(x) as tf.Tensor;
      expect(largest(ya.sub(b.predict(x) as tf.Tensor))).toBe(0);
      expect(largest(ya.sub(c.predict(x) as tf.Tensor))).toBeGreaterThan(1e-3);
    });
    for (const model of [a, b, c]) model.dispose();
  });

  test('gradients are those of plain JavaScript', async () => {
    // Narrow on purpose: libtensorflow's oneDNN kernels, which we switch off, get narrow nets wrong (docs/engines.md).
    await expectCpuGradients(
      () => frameClassifier(compactResidualNet({ size: 15, width: 4, depth: 2 }), { classes: 4 }),
      () => [wave([3, 15, 15, 1], 1)],
    );
  });

  test('learns, and leaks nothing over the steps', () => {
    const model = frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 2 });
    const optimizer = tf.train.adam(0.01);
    const x = wave([8, 16, 16, 1], 1);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 0, 1, 1, 0, 0, 1], 'int32'), 2);
    const step = (): number => {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor),
        true,
      )!;
      const value = loss.dataSync()[0]!;
      loss.dispose();
      return value;
    };
    const first = step();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) step();
    expect(tf.memory().numTensors).toBe(before);
    expect(step()).toBeLessThan(first / 3);
    model.dispose();
    tf.dispose([x, labels]);
    optimizer.dispose();
  });
});

test('ResNet-18 has its 11.2 million parameters and 512 features', () => {
  const model = resNet18({ size: 112 });
  expect(Math.round(model.countParams() / 1e5)).toBe(112);
  expect(model.outputs[0]!.shape).toEqual([null, 512]);
  expect(model.getLayer('stage4_block2_relu').outputShape).toEqual([null, 4, 4, 512]);
  model.dispose();
});

describe('temporal encoder', () => {
  const small = { features: 6, classes: 4, width: 8, layers: 2, heads: 2, feedForward: 10, dropout: 0 };

  test('predicts every frame of clips of any length', () => {
    const model = temporalEncoder(small);
    tf.tidy(() => {
      expect((model.predict(wave([3, 7, 6], 1)) as tf.Tensor).shape).toEqual([3, 7, 4]);
      expect((model.predict(wave([1, 1, 6], 1)) as tf.Tensor).shape).toEqual([1, 1, 4]);
    });
    model.dispose();
  });

  test('has the published size by default', () => {
    const model = temporalEncoder({ features: 512, classes: 8 });
    // 1x1 projection, 4 x (attention 4 W^2 + 4 W, feed-forward 2 W F + W + F, two normalisations 4 W), linear layer
    expect(model.countParams()).toBe(
      512 * 512 + 512 + 4 * (4 * 512 * 512 + 4 * 512 + 2 * 512 * 512 + 1024 + 4 * 512) + 512 * 8 + 8,
    );
    model.dispose();
  });

  test.each([
    [true, false],
    [true, true],
    [false, false],
  ])('causal: no frame sees a later one; otherwise it does (causal %s, relative %s)', (causal, relative) => {
    const model = temporalEncoder({ ...small, causal, relative });
    tf.tidy(() => {
      const x = wave([2, 9, 6], 1);
      const changed = tf.concat([x.slice([0, 0, 0], [2, 5, 6]), wave([2, 4, 6], 5)], 1); // another future from frame 5 on
      const past = (y: tf.Tensor): tf.Tensor => y.slice([0, 0, 0], [2, 5, 4]);
      const difference = largest(past(model.predict(x) as tf.Tensor).sub(past(model.predict(changed) as tf.Tensor)));
      if (causal) expect(difference).toBeLessThan(1e-6);
      else expect(difference).toBeGreaterThan(1e-3);
    });
    model.dispose();
  });

  test('without positional code the order of the frames makes no difference; with it it does', () => {
    for (const positionalCode of [true, false]) {
      const model = temporalEncoder({ ...small, positionalCode });
      tf.tidy(() => {
        const order = tf.tensor1d([3, 0, 4, 1, 2], 'int32');
        const x = wave([2, 5, 6], 1);
        const shuffledAfter = tf.gather(model.predict(x) as tf.Tensor, order, 1);
        const shuffledBefore = model.predict(tf.gather(x, order, 1)) as tf.Tensor;
        const difference = largest(shuffledAfter.sub(shuffledBefore));
        if (positionalCode) expect(difference).toBeGreaterThan(1e-3);
        else expect(difference).toBeLessThan(1e-5);
      });
      model.dispose();
    }
  });

  test.each([false, true])(
    'masked: padding changes nothing for the frames that are there (relative: %s)',
    (relative) => {
      const model = temporalEncoder({ ...small, masked: true, relative });
      tf.tidy(() => {
        const x = wave([2, 5, 6], 1);
        const alone = model.predict([x, tf.ones([2, 5])]) as tf.Tensor;
        const padded = model.predict([
          tf.concat([x, wave([2, 3, 6], 7)], 1),
          tf.concat([tf.ones([2, 5]), tf.zeros([2, 3])], 1),
        ]) as tf.Tensor;
        expect(largest(padded.slice([0, 0, 0], [2, 5, 4]).sub(alone))).toBeLessThan(1e-5);
      });
      model.dispose();
    },
  );

  test('relative: what all frames have in common is half of what it sees, and none of the other half', () => {
    const model = temporalEncoder({ ...small, layers: 0, relative: true });
    const seen = tf.model({ inputs: model.inputs, outputs: model.getLayer('relative').output });
    tf.tidy(() => {
      const x = wave([2, 5, 6], 1);
      const apart = (values: tf.Tensor): tf.Tensor => (seen.predict(values) as tf.Tensor).slice([0, 0, 6], [2, 5, 6]);
      expect(largest(apart(x.add(3)).sub(apart(x)))).toBeLessThan(1e-5);
      expect(largest(apart(x).mean(1))).toBeLessThan(1e-6);
      expect(largest((seen.predict(x) as tf.Tensor).slice([0, 0, 0], [2, 5, 6]).sub(x))).toBe(0);
    });
    model.dispose();
  });

  test('frameLogits: it starts with the answers of the frame network, whose last layer is not trained', () => {
    const model = temporalEncoder({ ...small, frameLogits: true });
    tf.tidy(() => {
      const kernel = wave([6, 4], 3) as tf.Tensor2D;
      const bias = tf.tensor1d([0.1, -2, 3, 0]);
      setFrameHead(model, kernel, bias);
      const x = wave([2, 5, 6], 1);
      const frame = x.reshape<tf.Tensor2D>([10, 6]).matMul<tf.Tensor2D>(kernel).add(bias).reshape([2, 5, 4]);
      expect(largest((model.predict(x) as tf.Tensor).sub(frame))).toBeLessThan(1e-5);
    });
    expect(model.getLayer('logits_frame').trainableWeights).toEqual([]);
    expect(model.getLayer('logits_change').trainableWeights).toHaveLength(2);
    model.dispose();
  });

  test('dropout: a seed determines the masks, every step has its own', () => {
    const model = temporalEncoder({ ...small, dropout: 0.5 });
    tf.tidy(() => {
      const x = wave([2, 5, 6], 1);
      const train = (): tf.Tensor => model.apply(x, { training: true }) as tf.Tensor;
      reseedDropout(model, 3);
      const [first, second] = [train(), train()];
      reseedDropout(model, 3);
      expect(largest(train().sub(first))).toBe(0);
      expect(largest(second.sub(first))).toBeGreaterThan(1e-3);
      expect(largest((model.predict(x) as tf.Tensor).sub(model.predict(x) as tf.Tensor))).toBe(0);
    });
    model.dispose();
  });

  test.each([
    {},
    { causal: true, positionalCode: true, heads: 1 },
    { width: 40, heads: 1, feedForward: 40 },
    { relative: true },
    { relative: true, causal: true },
  ])('gradients are those of plain JavaScript: %j', async (options) => {
    await expectCpuGradients(
      () => temporalEncoder({ ...small, ...options }),
      () => [wave([2, 21, 6], 1)],
    );
  });

  test('refuses heads that do not divide the width', () => {
    expect(() => temporalEncoder({ ...small, heads: 3 })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

test.each([
  [
    'frame classifier',
    () => frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 3, dropout: 0.2 }),
    [2, 16, 16, 1],
  ],
  [
    'temporal encoder',
    () =>
      temporalEncoder({
        features: 6,
        classes: 3,
        width: 8,
        heads: 2,
        layers: 1,
        feedForward: 8,
        causal: true,
        positionalCode: true,
      }),
    [2, 5, 6],
  ],
] as const)('%s: standard tfjs format and back', async (_, build, shape) => {
  const model = build();
  const copy = await copyThroughTfjsFormat(model);
  tf.tidy(() => {
    const x = wave([...shape], 1);
    expect(largest((copy.predict(x) as tf.Tensor).sub(model.predict(x) as tf.Tensor))).toBe(0);
    expect(copy.layers.map((layer) => [layer.name, layer.getClassName()])).toEqual(
      model.layers.map((layer) => [layer.name, layer.getClassName()]),
    );
  });
  model.dispose();
  copy.dispose();
});
