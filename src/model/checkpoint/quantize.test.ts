import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LARGEST_FLOAT16, toFloat16, toUint8, uint8Error } from './quantize.js';

const half = (value: number): number => toFloat16(Float32Array.of(value))[0]!;

/** IEEE 754-2019, 3.4. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

it.each([
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -26, 0],
  [1 / 3, 0x3555],
  [65520, 0x7c00],
  [-Infinity, 0xfc00],
  [NaN, 0x7e00],
])('%f is 0x%i', (value, bits) => {
  expect(half(value)).toBe(bits);
});

it('every float16 is itself', () => {
  const all = Uint16Array.from({ length: 2 * 0x7c00 }, (_, i) => (i % 0x7c00) | (i < 0x7c00 ? 0 : 0x8000));
  expect(toFloat16(Float32Array.from(all, valueOf))).toEqual(all);
});

it('any other number is the nearest one, of two equally near the even', () => {
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const bits = half(value);
      const error = Math.abs(valueOf(bits) - value);
      for (const other of [bits - 1, bits + 1].filter((near) => (near & 0x7fff) <= 0x7bff && near >= 0)) {
        const there = Math.abs(valueOf(other) - value);
        expect(error).toBeLessThanOrEqual(there);
        if (error === there && error > 0) expect(bits & 1).toBe(0);
      }
    }),
  );
  expect(half(LARGEST_FLOAT16)).toBe(0x7bff);
});

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
