import { expect, it } from 'vitest';
import { averageResults } from './gradients.js';

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
