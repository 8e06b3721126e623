import { expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { symmetricBeta } from './beta.js';

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
