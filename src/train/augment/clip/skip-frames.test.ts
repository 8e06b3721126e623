import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { skipFrames } from './skip-frames.js';

it('keeps some, in order, by the seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (items, chance, seed) => {
        const kept = skipFrames(items, [chance, chance], new SeededRandom(seed));
        expect(kept.length).toBeGreaterThan(0);
        let at = -1;
        for (const item of kept) {
          at = items.indexOf(item, at + 1);
          expect(at).toBeGreaterThanOrEqual(0);
        }
        expect(skipFrames(items, [chance, chance], new SeededRandom(seed))).toEqual(kept);
      },
    ),
  );
});

it('drops at a rate that is drawn anew for each clip', () => {
  const items = Array.from({ length: 4000 }, (_, index) => index);
  const rates = Array.from(
    { length: 200 },
    (_, seed) => 1 - skipFrames(items, [0.2, 0.4], new SeededRandom(seed)).length / items.length,
  );
  // Four standard deviations of a share of 4,000 beyond either end.
  expect(Math.min(...rates)).toBeGreaterThan(0.2 - 0.0253);
  expect(Math.max(...rates)).toBeLessThan(0.4 + 0.031);
  // A uniform draw spreads them by 0.2 / sqrt(12) = 0.058; a fixed rate by 0.007 only.
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(Math.abs(mean - 0.3)).toBeLessThan(0.0165);
  expect(Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length)).toBeGreaterThan(0.045);
});

it('keeps all at rate 0 and one at rate 1', () => {
  expect(skipFrames([1, 2, 3], [0, 0], new SeededRandom(1))).toEqual([1, 2, 3]);
  const last = Array.from({ length: 100 }, (_, seed) => skipFrames([1, 2, 3], [1, 1], new SeededRandom(seed)));
  expect(last.every((kept) => kept.length === 1)).toBe(true);
  expect(new Set(last.flat()).size).toBe(3);
});
