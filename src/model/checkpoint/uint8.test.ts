import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toUint8, uint8Error } from './quantize.js';

it('every value is kept to half a step of 255 between the least and the largest', () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 1, min: -1000, max: 1000, noNaN: true }), (values) => {
      const { bytes, scale, min } = toUint8(values);
      for (const [i, value] of values.entries())
        expect(Math.abs(bytes[i]! * scale + min - value)).toBeLessThanOrEqual(scale * 0.5001);
      expect(scale * 255).toBeCloseTo(
        Math.max(...values) > Math.min(...values) ? Math.max(...values) - Math.min(...values) : 255,
        3,
      );
    }),
  );
});

it('what is alike is kept as it is', () => {
  const values = new Float32Array(5).fill(-0.3);
  const kept = toUint8(values);
  expect([...kept.bytes]).toEqual([0, 0, 0, 0, 0]);
  expect(uint8Error(values, kept)).toBe(0);
  expect(uint8Error(new Float32Array(3), toUint8(new Float32Array(3)))).toBe(0);
});

it('one far value among small ones costs all of them', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const even = uint8Error(values, toUint8(values));
  expect(even).toBeGreaterThan(0.001);
  expect(even).toBeLessThan(0.005);
  values[7] = 20;
  expect(uint8Error(values, toUint8(values))).toBeGreaterThan(4 * even);
});
