import { tf } from '../../model/tfjs.js';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { builtModule } from '../../../test/support/built-file.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { findPackage } from '../../model/engines/packages.js';
import type { BackendName } from '../../model/engines/backend.js';
import { frameClassifier } from '../../model/networks/classifier.js';
import { compactResidualNet } from '../../model/networks/residual-net.js';
import type { MethodConfig } from '../config/train-config.js';
import { SeededRandom } from '../util/seeded-random.js';
import { adamState, adamStep } from './optimizer.js';
import { averageResults, LocalRunner } from './gradients.js';
import { buildMethod } from './build-method.js';
import type { LossConfig } from './build-method.js';
import { ModelWeights } from './model-weights.js';
import type { WeightVectors } from '../records/training-state.js';
import type { GradientRunner } from './gradients.js';
import type { SeededMicroBatch } from './epoch-batches.js';
import { WorkerRunner, assertWorkers } from './worker-runner.js';

const SIZE = 12;
const CLASSES = 3;
const ROW_LABELS = Int32Array.from([0, 0, 0, 1, 1, 2, -1]);
const NLA: MethodConfig = {
  name: 'nla',
  lambda: 0.5,
  consistency: 'paper',
  detachWeights: false,
  crossEntropyEpochs: 0,
  naw: {},
};
const BALANCED: MethodConfig = { name: 'ce', labelSmoothing: 0, classWeights: 'balanced' };
const MOMENT = { epoch: 0, epochs: 3 };

/** With batch normalisation, dropout, and a layer that is frozen at weights of its own. */
function network(): tf.LayersModel {
  const model = frameClassifier(compactResidualNet({ size: SIZE, width: 4, seed: 3 }), {
    classes: CLASSES,
    dropout: 0.4,
    seed: 3,
  });
  const frozen = model.layers.find((layer) => layer.getClassName() === 'Conv2D')!;
  frozen.trainable = false;
  frozen.setWeights(
    tf.tidy(() => frozen.getWeights().map((weight) => tf.randomNormal(weight.shape, 0, 0.3, 'float32', 11))),
  );
  return model;
}

/** One batch, cut into microBatches of these numbers of pictures. */
function batch(counts: readonly number[], isMirrored: boolean, seed: number): SeededMicroBatch[] {
  const random = new SeededRandom(seed);
  const pictures = (count: number): Float32Array =>
    Float32Array.from({ length: count * SIZE * SIZE }, () => random.int(256));
  return counts.map((count) => ({
    shape: [count, SIZE, SIZE, 1],
    first: pictures(count),
    second: isMirrored ? pictures(count) : null,
    labels: Float32Array.from({ length: count }, () => random.int(CLASSES)),
    isSoft: false,
    teacherFeatures: Float32Array.from({ length: 6 * count }, () => random.normal()),
    rows: new Int32Array(count),
    dropoutSeed: random.int(1000),
  }));
}

/** The weights after some steps with Adam, as the trainer makes them. */
async function trained(runner: GradientRunner, from: WeightVectors, counts: readonly number[]): Promise<WeightVectors> {
  const weights = { trained: from.trained.slice(), moving: from.moving.slice() };
  const adam = adamState(weights.trained.length);
  const ones = new Float32Array(weights.trained.length).fill(1);
  for (let step = 0; step < 4; step += 1) {
    const { gradient, moving } = averageResults(
      await runner.run(weights, batch(counts, true, step), { ...MOMENT, epoch: Math.floor(step / 2) }),
    );
    adamStep(
      weights.trained,
      gradient,
      adam,
      0.01,
      { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: true },
      ones,
      ones,
    );
    weights.moving.set(moving);
  }
  return weights;
}

function relativeDistance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
}

const engines: BackendName[] = ['wasm'];
if (findPackage('@tensorflow/tfjs-node') === null)
  console.warn(
    'worker-runner: tfjs-node is not installed and FERSTREAM_NATIVE_DIR names none, so threads are tried on wasm alone',
  );
else engines.push('tfjs-node');

const open: { dispose(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.dispose();
});

async function openRunner(model: tf.LayersModel, method: MethodConfig, module?: string): Promise<WorkerRunner> {
  const runner = await WorkerRunner.open({
    ...{ workers: 2, model, loss: lossOf(method), rowLabels: ROW_LABELS, classCount: CLASSES },
    ...(module === undefined ? {} : { module: new URL(module, builtModule('test/support/')) }),
  });
  open.push(runner);
  return runner;
}

/** With adjusted logits and relational distillation, which threads have to do as well. */
function lossOf(method: MethodConfig): LossConfig {
  return { method, sampler: 'square-root', balance: 0.5, relationalWeight: 3 };
}

function threadsAlive(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

describe.each(engines)('on %s', (backend) => {
  let model: tf.LayersModel;
  beforeAll(async () => {
    await openBackend({ backend });
    model = network();
    return () => {
      model.dispose();
    };
  });

  test('two threads train three microBatches of different sizes to the same weights as one', async () => {
    const counts = [5, 4, 4];
    const from = await new ModelWeights(model).read();
    const local = await trained(
      new LocalRunner(model, buildMethod(lossOf(NLA), [...ROW_LABELS], CLASSES)),
      from,
      counts,
    );
    const tensors = tf.memory().numTensors;
    const parallel = await trained(await openRunner(model, NLA), from, counts);
    expect(relativeDistance(from.trained, local.trained)).toBeGreaterThan(0.01);
    expect(relativeDistance(from.moving, local.moving)).toBeGreaterThan(0.01);
    expect(relativeDistance(parallel.trained, local.trained)).toBeLessThan(1e-5);
    expect(relativeDistance(parallel.moving, local.moving)).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('trouble', () => {
  let model: tf.LayersModel;
  let weights: WeightVectors;
  beforeAll(async () => {
    await openBackend({ backend: 'wasm' });
    model = network();
    weights = await new ModelWeights(model).read();
    return () => {
      model.dispose();
    };
  });

  test('a micro-batch that cannot be computed rejects the step, and all after it', async () => {
    const runner = await openRunner(model, BALANCED);
    const [good, bad] = batch([4, 4], false, 1);
    const step = runner.run(weights, [good!, { ...bad!, shape: [4, SIZE, SIZE, 2] }], MOMENT);
    await expect(step).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringMatching(/^training worker 2 failed: .*--resume/) as string,
    });
    await expect(runner.run(weights, batch([4, 4], false, 2), MOMENT)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringContaining('worker 2') as string,
    });
  });

  test.each([
    ['short-lived-analyzer', 'it ended with code 7'],
    ['dying-thread', 'no memory left;'],
  ])('a thread that dies (%s) rejects the step and says which it was', async (module, why) => {
    const before = threadsAlive();
    const runner = await openRunner(model, BALANCED, `${module}.js`);
    await expect(runner.run(weights, batch([4], false, 1), MOMENT)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringContaining(`worker 1 failed: ${why}`) as string,
    });
    await runner.dispose();
    expect(threadsAlive()).toBe(before);
  });

  test('a thread that cannot start leaves none behind', async () => {
    const before = threadsAlive();
    await expect(openRunner(model, BALANCED, 'no-such-thread.js')).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringContaining('worker 1') as string,
    });
    expect(threadsAlive()).toBe(before);
  });

  test('dispose ends threads in the middle of their work', async () => {
    const before = threadsAlive();
    const runner = await openRunner(model, BALANCED);
    expect(threadsAlive()).toBeGreaterThan(before);
    const step = expect(runner.run(weights, batch([200, 200], false, 1), MOMENT)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
    });
    await runner.dispose();
    await step;
    expect(threadsAlive()).toBe(before);
  });

  test('numbers of workers that make no sense are refused', () => {
    for (const workers of [0, -1, 1.5, NaN])
      expect(() => {
        assertWorkers(workers);
      }).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});
