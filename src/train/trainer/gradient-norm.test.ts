import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipToNorm, globalNorm } from './gradient-norm.js';

const gradient = fc.float32Array({ min: -1000, max: 1000, noNaN: true, minLength: 1, maxLength: 40 });

it('a gradient within the limit stays as it is, to the bit', () => {
  fc.assert(
    fc.property(gradient, (values) => {
      const clipped = values.slice();
      const length = clipToNorm(clipped, globalNorm(values));
      expect(clipped).toEqual(values);
      expect(length).toBe(globalNorm(values));
    }),
  );
});

it('a longer one is brought to the limit and keeps its direction', () => {
  const clipped = Float32Array.of(3, 0, -4);
  expect(clipToNorm(clipped, 1)).toBe(5);
  expect([...clipped].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0, -0.8]);
  fc.assert(
    fc.property(gradient, fc.double({ min: 1e-3, max: 100, noNaN: true }), (values, most) => {
      const clippedValues = values.slice();
      clipToNorm(clippedValues, most);
      expect(globalNorm(clippedValues)).toBeLessThanOrEqual(most * (1 + 1e-5));
      values.forEach((value, i) => {
        expect(clippedValues[i]! * value).toBeGreaterThanOrEqual(0);
      });
    }),
  );
});
