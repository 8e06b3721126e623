import { readFileSync } from 'node:fs';
import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { TFJS_BACKENDS } from '../../model/engines/backend.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { crossEntropy } from './cross-entropy.js';
import { dnfer } from './dnfer.js';
import { jsd } from './jsd.js';
import { nawCrossEntropy } from './naw.js';
import { NAW_PARAMETERS, nawSchedule } from './naw-bell.js';
import type { NawParameters } from './naw-bell.js';

// Values to 1e-4 relative and gradients to 1e-4 absolute, against numbers computed elsewhere with autograd, on every
// engine that works here. FERSTREAM_LOSS_VECTORS names another file of the same layout (fixtures/README.md).

const matrix = z.array(z.array(z.number()).min(2)).min(1);
const vector = z.array(z.number());
const pair = z.tuple([z.number(), z.number()]);
const view = z.object({ threshold: vector, clean: vector, supervised: z.number() });
const layout = z.object({
  naw: z.array(
    z.object({
      variant: z.string(),
      epoch: z.number(),
      epochs: z.number(),
      slope: z.number(),
      eps: z.number(),
      params: z.object({
        muT: pair,
        muF: pair,
        varT: z.number(),
        covT: z.number(),
        varF: z.number(),
        covF: z.number(),
        normalised: z.boolean(),
        lambdaT: z.number().default(1),
        lambdaF: z.number().default(1),
      }),
      logits: matrix,
      labels: vector,
      crossEntropy: vector,
      // A reference that finds w as (w CE) / CE has none where CE rounds to 0.
      weight: z.array(z.number().nullable()),
      weightedCrossEntropy: vector,
      meanLoss: z.number(),
      gradMeanLoss: matrix,
    }),
  ),
  jsd: z.array(
    z.object({
      logitsA: matrix,
      logitsB: matrix,
      jsdPerSample: vector,
      jsdMean: z.number(),
      gradJsdMeanA: matrix,
      gradJsdMeanB: matrix,
      releasedCode: z.object({ value: z.number(), gradA: matrix, gradB: matrix }),
    }),
  ),
  dnfer: z.array(
    z.object({
      alpha: z.number(),
      logitsWeak: matrix,
      logitsStrong: matrix,
      labels: vector,
      weak: view,
      strong: view,
      consistencySymmetricKlBits: z.number(),
      total: z.number(),
      gradWeak: matrix,
      gradStrong: matrix,
    }),
  ),
});

const own = new URL('../../../fixtures/loss-vectors.json', import.meta.url);
const brought = process.env['FERSTREAM_LOSS_VECTORS'];
// Python writes NaN where JSON has null.
const read = (file: string | URL): z.infer<typeof layout> =>
  layout.parse(JSON.parse(readFileSync(file, 'utf8').replace(/\bNaN\b/g, 'null')));
const vectors = read(brought ? brought : own);

/** wasm, which is always there, and whatever else works in this process; `cpu` is plain JavaScript. */
async function enginesHere(): Promise<string[]> {
  const names: string[] = ['cpu'];
  for (const backend of TFJS_BACKENDS) {
    try {
      await openBackend({ backend });
      names.push(backend);
    } catch (error) {
      if (backend === 'wasm' || !(error instanceof FerError)) throw error;
      console.warn(`SKIPPED: losses are not compared on ${backend}: ${error.message.slice(0, 160)}`);
    }
  }
  return names;
}

describe('the file of vectors', () => {
  it('holds cases of every kind', () => {
    expect(vectors.naw.length).toBeGreaterThan(0);
    expect(vectors.jsd.length).toBeGreaterThan(0);
    expect(vectors.dnfer.length).toBeGreaterThan(0);
  });

  it("the published parameters are the fixture's", () => {
    for (const { variant, params, slope } of read(own).naw) {
      const ours = NAW_PARAMETERS[variant as keyof typeof NAW_PARAMETERS];
      for (const [name, value] of Object.entries({ ...params, slope })) {
        const mine = ours[name as keyof NawParameters];
        expectValues([mine].flat().map(Number), [value].flat().map(Number), `${variant} ${name}`);
      }
    }
  });
});

describe.each(await enginesHere())('on %s', (engine) => {
  beforeAll(async () => {
    if (engine === 'cpu') await tf.setBackend('cpu');
    else await openBackend({ backend: engine as (typeof TFJS_BACKENDS)[number] });
  });

  it.each(
    vectors.naw.map((expected, index) => ({
      name: `${index}: ${expected.variant}, epoch ${expected.epoch}`,
      expected,
    })),
  )('NAW $name', async ({ expected }) => {
    expectValues([nawSchedule(expected.epoch, expected.epochs, expected.slope)], [expected.eps], 'eps');
    const options = { parameters: { ...expected.params, slope: expected.slope }, epsilon: expected.eps };
    await withTensors(async () => {
      const logits = tf.tensor2d(expected.logits);
      const labels = tf.tensor1d(expected.labels, 'int32');
      const result = nawCrossEntropy(logits, labels, options);
      expectValues(await result.crossEntropy.data(), expected.crossEntropy, 'crossEntropy');
      expectValues(await crossEntropy(logits, labels).perSample.data(), expected.crossEntropy, 'crossEntropy');
      const weight = await result.weight.data();
      const known = expected.weight.map((value, i) => {
        if (value === null) expect(expected.crossEntropy[i], `weight[${i}] has no reference, so CE`).toBeCloseTo(0, 12);
        return value ?? weight[i]!;
      });
      expect(weight.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
      expectValues(weight, known, 'weight');
      expectValues(
        await result.weight.mul(result.crossEntropy).data(),
        expected.weightedCrossEntropy,
        'weightedCrossEntropy',
      );
      expectValues(await result.loss.data(), [expected.meanLoss], 'meanLoss');
      const gradient = tf.grad((x) => nawCrossEntropy(x as tf.Tensor2D, labels, options).loss)(logits);
      expectGradient(await gradient.data(), expected.gradMeanLoss, 'gradMeanLoss');
    });
  });

  it.each(vectors.jsd.map((expected, index) => ({ index, expected })))('JSD $index', async ({ expected }) => {
    await withTensors(async () => {
      const a = tf.tensor2d(expected.logitsA);
      const b = tf.tensor2d(expected.logitsB);
      const paper = jsd(a, b);
      expectValues(await paper.perSample.data(), expected.jsdPerSample, 'jsdPerSample');
      expectValues(await paper.loss.data(), [expected.jsdMean], 'jsdMean');
      const [gradA, gradB] = tf.grads((x, y) => jsd(x as tf.Tensor2D, y as tf.Tensor2D).loss)([a, b]);
      expectGradient(await gradA!.data(), expected.gradJsdMeanA, 'gradJsdMeanA');
      expectGradient(await gradB!.data(), expected.gradJsdMeanB, 'gradJsdMeanB');

      const released = jsd(a, b, 'released-code');
      expectValues(await released.loss.data(), [expected.releasedCode.value], 'releasedCode.value');
      expectValues(
        await released.perSample.sum().data(),
        [expected.releasedCode.value],
        'sum of releasedCode per sample',
      );
      const [releasedA, releasedB] = tf.grads((x, y) => jsd(x as tf.Tensor2D, y as tf.Tensor2D, 'released-code').loss)([
        a,
        b,
      ]);
      expectGradient(await releasedA!.data(), expected.releasedCode.gradA, 'releasedCode.gradA');
      expectGradient(await releasedB!.data(), expected.releasedCode.gradB, 'releasedCode.gradB');
    });
  });

  it.each(vectors.dnfer.map((expected, index) => ({ index, expected })))('DNFER $index', async ({ expected }) => {
    const { alpha } = expected;
    await withTensors(async () => {
      const weak = tf.tensor2d(expected.logitsWeak);
      const strong = tf.tensor2d(expected.logitsStrong);
      const labels = tf.tensor1d(expected.labels, 'int32');
      const result = dnfer(weak, strong, labels, { alpha });
      for (const name of ['weak', 'strong'] as const) {
        expectValues(await result[name].threshold.data(), expected[name].threshold, `${name}.threshold`);
        expect([...(await result[name].clean.data())], `${name}.clean`).toEqual(expected[name].clean);
        expectValues(await result[name].supervised.data(), [expected[name].supervised], `${name}.supervised`);
      }
      expectValues(
        await result.consistency.data(),
        [expected.consistencySymmetricKlBits],
        'consistencySymmetricKlBits',
      );
      expectValues(await result.loss.data(), [expected.total], 'total');
      const [gradWeak, gradStrong] = tf.grads(
        (x, y) => dnfer(x as tf.Tensor2D, y as tf.Tensor2D, labels, { alpha }).loss,
      )([weak, strong]);
      expectGradient(await gradWeak!.data(), expected.gradWeak, 'gradWeak');
      expectGradient(await gradStrong!.data(), expected.gradStrong, 'gradStrong');
    });
  });
});

/** Frees what `body` makes, and checks that the functions under test kept nothing beyond it. */
async function withTensors(body: () => Promise<void>): Promise<void> {
  const before = tf.memory().numTensors;
  tf.engine().startScope();
  try {
    await body();
  } finally {
    tf.engine().endScope();
  }
  expect(tf.memory().numTensors).toBe(before);
}

/** 1e-4 relative; below 3e-3 3e-7 absolute: a reference in float32 that sums posteriors to 1 is itself off by that much. */
function expectValues(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `${what}[${i}] is ${actual[i]!}, expected ${value}`).toBeLessThanOrEqual(
      Math.max(1e-4 * Math.abs(value), 3e-7),
    );
  });
}

function expectGradient(actual: ArrayLike<number>, expected: readonly (readonly number[])[], what: string): void {
  const flat = expected.flat();
  expect(actual.length, what).toBe(flat.length);
  flat.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `${what}[${i}] is ${actual[i]!}, expected ${value}`).toBeLessThanOrEqual(1e-4);
  });
}
