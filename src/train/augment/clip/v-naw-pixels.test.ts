import fc from 'fast-check';
import { expect, it } from 'vitest';
import { images } from '../../../../test/support/images.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { flip, randomFlip } from '../flip.js';
import type { PixelImage } from '../image.js';
import { randomErasing } from '../random-erasing.js';
import { sameInEveryFrame } from './same-in-every-frame.js';
import { vNawPixels } from './v-naw-pixels.js';

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

it('flips as often as it is told', () => {
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
