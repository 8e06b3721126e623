import { expect, it } from 'vitest';
import fc from 'fast-check';
import { SeededRandom } from '../util/seeded-random.js';
import { symmetricBeta, drawMixture, mixRows } from './mixup.js';

const DRAWS = 20_000;

it.each([0.2, 1, 4])('Beta(%f, same): mean 1/2, variance 1 / (4 (2 alpha + 1)), within 0..1', (alpha) => {
  const random = new SeededRandom(1);
  const draws = Array.from({ length: DRAWS }, () => symmetricBeta(alpha, random));
  const mean = draws.reduce((sum, x) => sum + x, 0) / DRAWS;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / DRAWS;
  expect(draws.every((x) => x >= 0 && x <= 1)).toBe(true);
  expect(mean).toBeCloseTo(0.5, 1);
  expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
});

it('Beta(1, 1) is uniform: every tenth holds a tenth', () => {
  const random = new SeededRandom(2);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < DRAWS; i += 1) counts[Math.min(9, Math.floor(10 * symmetricBeta(1, random)))]! += 1;
  for (const count of counts) expect(Math.abs(count / DRAWS - 0.1)).toBeLessThan(0.01);
});

it('a tiny alpha still gives numbers: one or the other', () => {
  const random = new SeededRandom(3);
  const draws = Array.from({ length: 200 }, () => symmetricBeta(1e-3, random));
  expect(draws.every((x) => Number.isFinite(x))).toBe(true);
  expect(draws.filter((x) => x < 0.01 || x > 0.99).length).toBeGreaterThan(190);
});

const drawn = (seed: number, count = 8, alpha = 0.4) => drawMixture(count, alpha, new SeededRandom(seed));

it('mixes each sample with one other, uses each once, and keeps at least half of its own', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0.05, max: 5, noNaN: true }),
      (seed, count, alpha) => {
        const { partners, shares } = drawn(seed, count, alpha);
        expect([...partners].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(shares.every((share) => share >= 0.5 && share <= 1)).toBe(true);
        expect(drawn(seed, count, alpha)).toEqual({ partners, shares });
      },
    ),
  );
});

it('mixes rows as documented, and leaves the given ones unchanged', () => {
  const rows = Float32Array.of(0, 1, 10, 20);
  expect([...mixRows(rows, { partners: [1, 0], shares: [0.75, 0.5] })]).toEqual([2.5, 5.75, 5, 10.5]);
  expect([...rows]).toEqual([0, 1, 10, 20]);
});

it('labels stay distributions', () => {
  const oneHot = Float32Array.from({ length: 8 * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
  const mixed = mixRows(oneHot, drawn(3));
  for (let i = 0; i < 8; i += 1)
    expect(mixed.subarray(3 * i, 3 * i + 3).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
});

it('refuses an alpha that makes no sense', () => {
  for (const alpha of [0, -1, NaN]) expect(() => drawn(1, 4, alpha)).toThrow(/alpha .* out of range/);
});
