import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resampleNearest } from './resample.js';

it('repeats, leaves out, or keeps', () => {
  expect(resampleNearest([1, 2, 3], 6)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(resampleNearest([1, 2, 3, 4, 5, 6], 2)).toEqual([2, 5]);
  expect(resampleNearest([7, 8, 9], 3)).toEqual([7, 8, 9]);
  expect(resampleNearest([7], 4)).toEqual([7, 7, 7, 7]);
});

it('keeps the order, and uses every item about equally often', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (length, count) => {
      const resampled = resampleNearest(
        Array.from({ length }, (_, index) => index),
        count,
      );
      expect(resampled).toHaveLength(count);
      expect(resampled).toEqual([...resampled].sort((a, b) => a - b));
      const uses = Array.from({ length }, (_, index) => resampled.filter((item) => item === index).length);
      expect(Math.max(...uses) - Math.min(...uses)).toBeLessThanOrEqual(1);
    }),
  );
});
