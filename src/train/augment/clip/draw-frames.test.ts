import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { drawFrames } from './draw-frames.js';

const PLAIN = { scale: null, skip: null };

it('gives as many indices as asked, within the recording, in order, the same for the same seed', () => {
  const options = fc.constantFrom({}, PLAIN, { scale: null }, { skip: null }, {
    scale: [0.01, 3],
    skip: [0, 1],
  } as const);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 150 }),
      options,
      fc.nat(),
      (count, length, chosen, seed) => {
        const draw = drawFrames({ count, ...chosen });
        const indices = draw(length, new SeededRandom(seed));
        expect(indices).toHaveLength(count);
        expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < length)).toBe(true);
        expect(indices).toEqual([...indices].sort((a, b) => a - b));
        expect(draw(length, new SeededRandom(seed))).toEqual(indices);
      },
    ),
  );
});

it('without scale and skipping takes consecutive frames at any place', () => {
  const draws = Array.from({ length: 300 }, (_, seed) => drawFrames({ count: 4, ...PLAIN })(7, new SeededRandom(seed)));
  for (const indices of draws) expect(indices).toEqual([0, 1, 2, 3].map((place) => indices[0]! + place));
  expect(new Set(draws.map((indices) => indices[0]))).toEqual(new Set([0, 1, 2, 3]));
});

it('spreads a recording that is too short over the clip', () => {
  expect(drawFrames({ count: 6, ...PLAIN })(3, new SeededRandom(1))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(drawFrames({ count: 3 })(1, new SeededRandom(1))).toEqual([0, 0, 0]);
});

it('a window of T u frames: u of 2 takes every other frame, of a half each frame twice', () => {
  const fast = drawFrames({ count: 50, scale: [2, 2], skip: null })(1000, new SeededRandom(1));
  expect(fast).toEqual(fast.map((_, place) => fast[0]! + 2 * place));
  const slow = drawFrames({ count: 50, scale: [0.5, 0.5], skip: null })(1000, new SeededRandom(1));
  expect(slow).toEqual(slow.map((_, place) => slow[0]! + Math.floor(place / 2)));
});

it('draws the scale anew for each clip, from the whole range and no further', () => {
  const spans = Array.from({ length: 500 }, (_, seed) => {
    const indices = drawFrames({ count: 100, skip: null })(1000, new SeededRandom(seed));
    return indices.at(-1)! - indices[0]! + 1;
  });
  // Resampling may leave out one frame at either end.
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(60 - 1);
  expect(Math.max(...spans)).toBeLessThanOrEqual(140);
  expect(Math.min(...spans)).toBeLessThan(63);
  expect(Math.max(...spans)).toBeGreaterThan(136);
});

it('skipping leaves 60 to 80 % different frames over the same time', () => {
  const draws = Array.from({ length: 200 }, (_, seed) =>
    drawFrames({ count: 200, scale: null })(200, new SeededRandom(seed)),
  );
  const shares = draws.map((indices) => new Set(indices).size / 200);
  // Four standard deviations of a share of 200 beyond either end.
  expect(Math.min(...shares)).toBeGreaterThan(0.6 - 0.139);
  expect(Math.max(...shares)).toBeLessThan(0.8 + 0.114);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  expect(Math.abs(mean - 0.7)).toBeLessThan(0.02);
  expect(draws.every((indices) => indices[0]! < 15 && indices.at(-1)! > 184)).toBe(true);
});

it('takes the same window with and without skipping', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const whole = drawFrames({ count: 20, scale: [1, 1], skip: null })(500, new SeededRandom(seed));
      const skipped = drawFrames({ count: 20, scale: [1, 1] })(500, new SeededRandom(seed));
      expect(skipped.every((index) => whole.includes(index))).toBe(true);
    }),
  );
});

it('refuses settings that make no sense', () => {
  for (const options of [
    { count: 0 },
    { count: 1.5 },
    { count: 4, scale: [0, 1] },
    { count: 4, scale: [2, 1] },
    { count: 4, skip: [0, 1.1] },
  ] as const) {
    expect(() => drawFrames(options)).toThrow(/augmentation/);
  }
  expect(() => drawFrames({ count: 4 })(0, new SeededRandom(1))).toThrow(/without frames/);
});
