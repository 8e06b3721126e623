import fc from 'fast-check';
import { expect, it } from 'vitest';
import { followWeights } from './moving-average.js';

it('moves by (1 - decay) of the way, faster in the first steps', () => {
  const average = Float32Array.of(0, 10);
  followWeights(average, Float32Array.of(1, 10), 0.5, 1000);
  expect([...average]).toEqual([0.5, 10]);
  const early = Float32Array.of(0);
  followWeights(early, Float32Array.of(1), 0.999, 1); // keeps 2 / 11
  expect(early[0]).toBeCloseTo(9 / 11, 6);
});

it('stays between where it was and the weights, and reaches weights that rest', () => {
  const value = fc.float({ noNaN: true, min: -100, max: 100 });
  fc.assert(
    fc.property(
      value,
      value,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 1, max: 10_000 }),
      (from, to, decay, steps) => {
        const average = Float32Array.of(from);
        followWeights(average, Float32Array.of(to), decay, steps);
        expect(average[0]).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-4);
        expect(average[0]).toBeLessThanOrEqual(Math.max(from, to) + 1e-4);
      },
    ),
  );
  const average = Float32Array.of(-3);
  for (let step = 1; step <= 400; step += 1) followWeights(average, Float32Array.of(5), 0.9, step);
  expect(average[0]).toBeCloseTo(5, 5);
});
