import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { flip, randomFlip } from './flip.js';

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

it('is undone by itself', () => {
  fc.assert(
    fc.property(images, (image) => {
      expect(flip(flip(image))).toEqual(image);
    }),
  );
});

it('happens as often as asked', () => {
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
