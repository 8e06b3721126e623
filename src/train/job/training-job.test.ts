import { expect, it } from 'vitest';
import { priorsOf } from './training-job.js';

const classes = [0, 0, 0, 0, 1, -1];

it('says for which class frequencies posteriors are made, and those of the training set', () => {
  const plain = priorsOf(classes, 2, { sampler: 'shuffle', balance: null });
  expect(plain).toEqual({ posteriors: [0.8, 0.2], training: [0.8, 0.2] });
  expect(priorsOf(classes, 2, { sampler: 'square-root', balance: 1 })).toEqual({
    posteriors: [0.5, 0.5],
    training: [0.8, 0.2],
  });
  const root = priorsOf(classes, 2, { sampler: 'square-root', balance: null }).posteriors;
  expect(root[0]! / root[1]!).toBeCloseTo(2, 4);
  expect(priorsOf(classes, 2, { sampler: 'class-balanced', balance: null }).posteriors).toEqual([0.5, 0.5]);
});

it('counts a class without samples as very rare, not as impossible', () => {
  const { training } = priorsOf([0, 0], 2, { sampler: 'shuffle', balance: null });
  expect(training[1]).toBeGreaterThan(0);
  expect(training[1]).toBeLessThan(0.06);
});
