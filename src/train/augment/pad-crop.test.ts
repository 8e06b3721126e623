import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { randomPadCrop, shift } from './pad-crop.js';

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
