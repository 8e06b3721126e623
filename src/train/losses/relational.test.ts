import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import { SeededRandom } from '../util/seeded-random.js';
import { relationalLoss } from './relational.js';

beforeAll(async () => {
  await openBackend();
});

function features(count: number, width: number, seed: number): number[][] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length: width }, () => random.normal()));
}

const loss = (network: number[][], teacher: number[][]): number =>
  tf.tidy(() => relationalLoss(tf.tensor2d(network), tf.tensor2d(teacher)).dataSync()[0]!);

/** The definition, pair by pair. */
function byDefinition(network: number[][], teacher: number[][]): number {
  const pairs = network.flatMap((_, i) => network.flatMap((_, j) => (i === j ? [] : [[i, j] as const])));
  const relations = (x: number[][]): number[] => {
    const far = pairs.map(([i, j]) => Math.hypot(...x[i]!.map((value, k) => value - x[j]![k]!)));
    const mean = far.reduce((sum, value) => sum + value, 0) / far.length;
    return far.map((value) => value / mean);
  };
  const [own, theirs] = [relations(network), relations(teacher)];
  const terms = own.map((value, i) => {
    const d = Math.abs(value - theirs[i]!);
    return d <= 1 ? d ** 2 / 2 : d - 1 / 2;
  });
  return terms.reduce((sum, value) => sum + value, 0) / terms.length;
}

it('is the mean Huber loss of relative distances, whatever the widths', () => {
  const [network, teacher] = [features(7, 5, 1), features(7, 9, 2)];
  network[3] = network[3]!.map((value) => 30 * value); // beyond the bend of the Huber loss
  expect(loss(network, teacher)).toBeCloseTo(byDefinition(network, teacher), 4);
});

it('is 0 for features that lie alike: moved, scaled, turned', () => {
  const network = features(6, 2, 3);
  const turned = network.map(([x, y]) => [5 - 3 * y!, 2 + 3 * x!]);
  expect(loss(network, turned)).toBeLessThan(1e-6);
  expect(loss(network, features(6, 2, 4))).toBeGreaterThan(0.01);
});

it('has a gradient that brings features together that the teacher sees alike', () => {
  const tensors = tf.memory().numTensors;
  tf.tidy(() => {
    const teacher = tf.tensor2d(features(8, 3, 5));
    let x = tf.tensor2d(features(8, 6, 6));
    const gradient = tf.grad((v) => relationalLoss(v as tf.Tensor2D, teacher));
    const before = relationalLoss(x, teacher).dataSync()[0]!;
    for (let i = 0; i < 200; i += 1) x = x.sub(gradient(x).mul(2));
    expect(relationalLoss(x, teacher).dataSync()[0]!).toBeLessThan(before / 4);
  });
  expect(tf.memory().numTensors).toBe(tensors);
});

it('stays finite for equal samples, samples of zeros and a single one', () => {
  const same = [
    [1, 2],
    [1, 2],
    [1, 2],
  ];
  for (const x of [same, same.map(() => [0, 0]), [[1, 2]]]) {
    const teacher = features(x.length, 4, 7);
    expect(loss(x, teacher)).toBeGreaterThanOrEqual(0);
    const gradient = tf.tidy(() => [
      ...tf
        .grad((v) => relationalLoss(v as tf.Tensor2D, tf.tensor2d(teacher)))(tf.tensor2d(x))
        .dataSync(),
    ]);
    expect(gradient.every(Number.isFinite)).toBe(true);
  }
});

it('refuses features of other samples', () => {
  expect(() => loss(features(3, 2, 1), features(4, 2, 1))).toThrow(/different samples/);
});
