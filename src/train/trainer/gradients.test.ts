import { expect, it } from 'vitest';
import { tinyNetwork } from '../../../test/support/tiny-training.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import { crossEntropyMethod } from '../losses/cross-entropy.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { SeededMicroBatch } from './epoch-batches.js';
import { averageResults, computeGradients } from './gradients.js';
import { ModelWeights } from './model-weights.js';

const result = (count: number, gradient: number[], moving: number[], loss: number, parts: Record<string, number>) => ({
  count,
  gradient: Float32Array.from(gradient),
  moving: Float32Array.from(moving),
  loss,
  parts,
});

it('every micro-batch counts with its size', () => {
  const batch = averageResults([
    result(3, [1, 0], [4], 2, { supervised: 1, consistency: 8 }),
    result(1, [5, -4], [0], 6, { supervised: 3, consistency: 0 }),
  ]);
  expect(batch).toEqual({
    gradient: Float32Array.of(2, -1),
    moving: Float32Array.of(3),
    loss: 3,
    parts: { supervised: 1.5, consistency: 6 },
    count: 4,
  });
});

it('one alone is itself', () => {
  const one = result(7, [0.1, -2], [], 1.25, { crossEntropy: 1.25 });
  expect(averageResults([one])).toEqual(one);
});

it('features of teachers pull those of the network toward the same relations', async () => {
  await openBackend();
  const model = tinyNetwork();
  const weights = new ModelWeights(model);
  const random = new SeededRandom(4);
  const batch = {
    ...{ shape: [12, 16, 16, 1], first: Float32Array.from({ length: 12 * 256 }, () => random.int(256)), second: null },
    ...{ labels: Float32Array.from({ length: 12 }, (_, i) => i % 3), isSoft: false, dropoutSeed: 1 },
    teacherFeatures: Float32Array.from({ length: 12 * 5 }, () => random.normal()),
  };
  const compute = async (relationalWeight: number, given: Omit<SeededMicroBatch, 'rows'> = batch) => {
    const method = { ...crossEntropyMethod(), relationalWeight };
    return await computeGradients(model, weights, method, given, { epoch: 0, epochs: 1 });
  };
  try {
    await compute(1); // what layers keep from their first use on is not a leak
    const tensors = tf.memory().numTensors;
    const { loss, parts, gradient } = await compute(3);
    expect(loss).toBeCloseTo(parts['crossEntropy']! + 3 * parts['relational']!, 4);
    expect(parts['relational']).toBeGreaterThan(0.01);
    const { teacherFeatures: _, ...plain } = batch;
    const without = await compute(3, plain);
    expect(Object.keys(without.parts)).toEqual(['crossEntropy']);
    expect(without.loss).toBeCloseTo(parts['crossEntropy']!, 5);
    expect((await compute(0)).gradient).toEqual(without.gradient);
    expect(tf.memory().numTensors).toBe(tensors);
    // A step along the relational part of the gradient alone brings that part down.
    const { trained, moving } = await weights.read();
    weights.write({ trained: trained.map((value, i) => value - 0.02 * (gradient[i]! - without.gradient[i]!)), moving });
    expect((await compute(3)).parts['relational']).toBeLessThan(parts['relational']!);
  } finally {
    model.dispose();
  }
});
