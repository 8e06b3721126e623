import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { flip, randomFlip, randomPadCrop, shift, pixelNoise } from './pixel.js';

it('exchanges left and right, and keeps the colours of a pixel in order', () => {
  expect([
    ...flip(
      grey([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).data,
  ]).toEqual([3, 2, 1, 6, 5, 4]);
  expect([...flip({ data: Float32Array.of(1, 2, 3, 4, 5, 6), height: 1, width: 2, channels: 3 }).data]).toEqual([
    4, 5, 6, 1, 2, 3,
  ]);
});

it('is undone by repeating it', () => {
  fc.assert(
    fc.property(images, (image) => {
      expect(flip(flip(image))).toEqual(image);
    }),
  );
});

it('happens with the given probability', () => {
  const image = grey([[1, 2]]);
  const count = (probability: number): number => {
    const random = new SeededRandom(1);
    return Array.from({ length: 1000 }, () => randomFlip({ probability })(image, random)).filter(
      ({ data }) => data[0] === 2,
    ).length;
  };
  expect([count(0), count(1)]).toEqual([0, 1000]);
  // Four standard deviations of a fair coin.
  expect(Math.abs(count(0.5) - 500)).toBeLessThan(64);
  expect(() => randomFlip({ probability: 1.5 })).toThrow(/probability/);
});

it('moves whole pixels and repeats the edge', () => {
  const image = grey([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  expect([...shift(image, 1, 0).data]).toEqual([1, 1, 2, 4, 4, 5, 7, 7, 8]);
  expect([...shift(image, 0, -1).data]).toEqual([4, 5, 6, 7, 8, 9, 7, 8, 9]);
  expect([...shift(image, 5, 5).data]).toEqual(Array.from({ length: 9 }, () => 1));
});

it('brings in no value that was not there', () => {
  fc.assert(
    fc.property(images, fc.nat(5), fc.nat(), (image, padding, seed) => {
      const known = new Set(image.data);
      expect(randomPadCrop({ padding })(image, new SeededRandom(seed)).data.every((value) => known.has(value))).toBe(
        true,
      );
    }),
  );
});

it('reaches every place within the padding, and no other', () => {
  const image = grey(
    Array.from({ length: 9 }, (_row, y) => Array.from({ length: 9 }, (_cell, x) => (x === 4 && y === 4 ? 255 : 0))),
  );
  const random = new SeededRandom(1);
  const places = new Set(
    Array.from({ length: 500 }, () => randomPadCrop({ padding: 2 })(image, random).data.indexOf(255)),
  );
  const within = [2, 3, 4, 5, 6].flatMap((y) => [2, 3, 4, 5, 6].map((x) => y * 9 + x));
  expect([...places].sort((a, b) => a - b)).toEqual(within);
  for (const padding of [-1, 1.5]) expect(() => randomPadCrop({ padding })).toThrow(/padding/);
});

it('has the given deviation and no drift', () => {
  const image = grey(Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 128)));
  const noise = [...pixelNoise({ deviation: 10 })(image, new SeededRandom(1)).data].map((value) => value - 128);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
  // Four standard errors of 10,000 draws: 10 / 100 for the mean, 10 / sqrt(20,000) for the deviation.
  expect(Math.abs(mean)).toBeLessThan(0.4);
  expect(Math.abs(Math.sqrt(variance) - 10)).toBeLessThan(0.29);
});

it('is as often within one and two deviations as normal noise, and neighbours do not agree', () => {
  const image = grey([Array.from({ length: 20_001 }, () => 128)]);
  const noise = [...pixelNoise({ deviation: 10 })(image, new SeededRandom(2)).data].map((value) => (value - 128) / 10);
  const within = (limit: number): number => noise.filter((value) => Math.abs(value) < limit).length / noise.length;
  // Four standard errors of a share of 20,000.
  expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.0132);
  expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.0059);
  const products = noise.slice(1).map((value, i) => value * noise[i]!);
  expect(Math.abs(products.reduce((sum, value) => sum + value, 0) / products.length)).toBeLessThan(0.0283);
});

it('does nothing at deviation 0, and refuses a negative one', () => {
  const image = grey([[0, 128, 255]]);
  expect(pixelNoise({ deviation: 0 })(image, new SeededRandom(1)).data).toEqual(image.data);
  expect(() => pixelNoise({ deviation: -1 })).toThrow(/deviation/);
});
