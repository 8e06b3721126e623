import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../../test/support/images.js';
import { shift } from '../pad-crop.js';
import { rotate, shearX, shearY, translate } from './affine.js';

const SQUARE = grey([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);

it('moves by whole pixels as the pad-crop does', () => {
  fc.assert(
    fc.property(images, fc.integer({ min: -15, max: 15 }), fc.integer({ min: -15, max: 15 }), (image, right, down) => {
      expect(translate(image, right, down).data).toEqual(shift(image, right, down).data);
    }),
  );
});

it('moves by a part of a pixel: what lies between two is their mean', () => {
  expect([...translate(grey([[10, 20, 40]]), 0.5, 0).data]).toEqual([10, 15, 30]);
  expect([...translate(grey([[10], [20], [40]]), 0, -0.5).data]).toEqual([15, 30, 40]);
});

it('turns clockwise, and a quarter four times is where it was', () => {
  const close = (data: Float32Array): number[] => [...data].map((value) => Math.round(value * 1000) / 1000);
  const quarter = rotate(SQUARE, 90);
  expect(close(quarter.data)).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
  expect(close(rotate(rotate(rotate(quarter, 90), 90), 90).data)).toEqual([...SQUARE.data]);
  expect(close(rotate(quarter, -90).data)).toEqual([...SQUARE.data]);
});

it('shears about the centre: what is below goes right, what is right goes down', () => {
  expect([...shearX(SQUARE, 1).data]).toEqual([2, 3, 3, 4, 5, 6, 7, 7, 8]);
  expect([...shearY(SQUARE, 1).data]).toEqual([4, 2, 3, 7, 5, 3, 7, 8, 6]);
});

it('keeps the channels of a pixel together', () => {
  const image = { data: Float32Array.of(10, 110, 210, 20, 120, 220), height: 1, width: 2, channels: 3 };
  expect([...translate(image, 0.5, 0).data]).toEqual([10, 110, 210, 15, 115, 215]);
});

it('brings in nothing beyond the values there are', () => {
  fc.assert(
    fc.property(images, fc.double({ min: -180, max: 180, noNaN: true }), (image, degrees) => {
      const [least, largest] = [Math.min(...image.data), Math.max(...image.data)];
      // A hair's breadth for rounding to 32 bits.
      expect(rotate(image, degrees).data.every((value) => value >= least - 1e-4 && value <= largest + 1e-4)).toBe(true);
    }),
  );
});
