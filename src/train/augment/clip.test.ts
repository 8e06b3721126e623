import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { drawFrames, skipFrames, resampleNearest, nearestFaces, sameInEveryFrame, vNawPixels } from './clip.js';
import { images } from '../../../test/support/images.js';
import { flip, randomFlip } from './pixel.js';
import type { PixelImage } from './pixel.js';
import { randomErasing } from './random-erasing.js';

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

it('draws a new scale for each clip, from the whole range', () => {
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
  expect(() => drawFrames({ count: 4 })(0, new SeededRandom(1))).toThrow(/no frames/);
});

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

it('draws a new drop rate for each clip', () => {
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

it('takes the nearest frame with a face, the earlier of two', () => {
  expect(nearestFaces([false, false, true, false, false, false, true, false])).toEqual([2, 2, 2, 2, 2, 6, 6, 6]);
});

it('finds what a search over all frames finds', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (hasFace) => {
      const nearest = nearestFaces(hasFace);
      if (!hasFace.includes(true)) {
        expect(nearest).toBeNull();
        return;
      }
      expect(nearest).toHaveLength(hasFace.length);
      const distances = hasFace.map((_, index) =>
        Math.min(...hasFace.flatMap((has, other) => (has ? [Math.abs(other - index)] : []))),
      );
      expect(nearest!.map((from, index) => Math.abs(from - index))).toEqual(distances);
      expect(nearest!.every((from) => hasFace[from])).toBe(true);
      expect(nearest).toEqual([...nearest!].sort((a, b) => a - b));
    }),
  );
});

function flat(shade: number, channels = 1): PixelImage {
  return { data: new Float32Array(48 * 48 * channels).fill(shade), height: 48, width: 48, channels };
}

it('keeps shape and range, leaves the frames it was given, and follows the seed', () => {
  const augment = vNawPixels();
  const clips = images.chain((first) =>
    fc
      .tuple(fc.constant(first), fc.array(fc.constant(flip(first)), { maxLength: 3 }))
      .map(([head, rest]) => [head, ...rest]),
  );
  fc.assert(
    fc.property(clips, fc.nat(), (frames, seed) => {
      const before = frames.map(({ data }) => data.slice());
      const changed = augment(frames, new SeededRandom(seed));
      expect(frames.map(({ data }) => data)).toEqual(before);
      expect(changed.map(({ height, width, channels, data }) => [height, width, channels, data.length])).toEqual(
        frames.map(({ height, width, channels, data }) => [height, width, channels, data.length]),
      );
      expect(changed.every(({ data }) => data.every((value) => value >= 0 && value <= 255))).toBe(true);
      expect(augment(frames, new SeededRandom(seed))).toEqual(changed);
    }),
  );
});

it('frames that are alike stay alike', () => {
  for (const channels of [1, 3]) {
    const data = Float32Array.from({ length: 12 * 12 * channels }, (_, i) => (i * 31) % 256);
    const frames = [0, 1, 2].map((): PixelImage => ({ data, height: 12, width: 12, channels }));
    for (let seed = 0; seed < 30; seed += 1) {
      const changed = vNawPixels()(frames, new SeededRandom(seed)).map((frame) => frame.data.join());
      expect(new Set(changed).size).toBe(1);
      expect(changed[0]).not.toBe(data.join());
    }
  }
});

it('flips with the given probability', () => {
  // Dark left half, bright right half: what is erased and recoloured leaves the halves' order to be seen.
  const half: PixelImage = {
    data: Float32Array.from({ length: 48 * 48 }, (_, i) => (i % 48 < 24 ? 40 : 200)),
    height: 48,
    width: 48,
    channels: 1,
  };
  const flipped = (probability: number, seed: number): boolean => {
    const { data } = vNawPixels({ flip: probability })([half], new SeededRandom(seed))[0]!;
    const sum = (from: number): number =>
      data.reduce((total, value, i) => total + (Math.floor((i % 48) / 24) === from ? value : 0), 0);
    return sum(0) > sum(1);
  };
  const share = (probability: number): number =>
    Array.from({ length: 40 }, (_, seed) => flipped(probability, seed)).filter(Boolean).length / 40;
  expect(share(0)).toBe(0);
  expect(share(1)).toBe(1);
  expect(share(0.5)).toBeGreaterThan(0.2);
  expect(share(0.5)).toBeLessThan(0.8);
});

it('erases one region of about a fifth of the pixels, the same in every frame', () => {
  const frames = [flat(-1), flat(-2), flat(-3)];
  for (let seed = 0; seed < 100; seed += 1) {
    const erased = sameInEveryFrame(randomErasing({ probability: 1, area: [0.2, 0.2] }))(
      frames,
      new SeededRandom(seed),
    ).map(({ data }) => [...data.keys()].filter((index) => data[index]! >= 0));
    expect(erased[1]).toEqual(erased[0]);
    expect(erased[2]).toEqual(erased[0]);
    expect(erased[0]!.length / (48 * 48)).toBeGreaterThan(0.18);
    expect(erased[0]!.length / (48 * 48)).toBeLessThanOrEqual(0.2);
  }
});

it('flips all frames or none', () => {
  const frames = [3, 5, 7].map((seed): PixelImage => ({
    data: Float32Array.of(seed, 2 * seed),
    height: 1,
    width: 2,
    channels: 1,
  }));
  const flips = Array.from({ length: 50 }, (_, seed) => {
    const changed = sameInEveryFrame(randomFlip())(frames, new SeededRandom(seed));
    return changed.map(({ data }, index) => data[0] !== frames[index]!.data[0]).join();
  });
  expect(new Set(flips)).toEqual(new Set(['true,true,true', 'false,false,false']));
});
