import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { displace, randomAffine, rotate, shearX, shearY, translate } from './affine.js';
import { shift } from './pixel.js';
import type { PixelImage } from './pixel.js';

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

it('shifts by part of a pixel: the mean of two neighbours', () => {
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

it('brings in no other values', () => {
  fc.assert(
    fc.property(images, fc.double({ min: -180, max: 180, noNaN: true }), (image, degrees) => {
      const [least, largest] = [Math.min(...image.data), Math.max(...image.data)];
      // A hair's breadth for rounding to 32 bits.
      expect(rotate(image, degrees).data.every((value) => value >= least - 1e-4 && value <= largest + 1e-4)).toBe(true);
    }),
  );
});

const STILL = { degrees: 0, scale: [1, 1], move: 0 } as const;
const SIZE = 33;

/** A soft round spot, whose place and size can be measured in fractions of a pixel. */
function spot(x: number, y: number, radius: number): PixelImage {
  return grey(
    Array.from({ length: SIZE }, (_row, v) =>
      Array.from({ length: SIZE }, (_cell, u) => 255 * Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * radius ** 2))),
    ),
  );
}

/** Centre of mass, as offsets from the picture's centre, and mean distance from it; all in pixels. */
function measure({ data }: PixelImage): { readonly x: number; readonly y: number; readonly spread: number } {
  const at = [...data].map((value, i) => ({
    value,
    x: (i % SIZE) - (SIZE - 1) / 2,
    y: Math.floor(i / SIZE) - (SIZE - 1) / 2,
  }));
  const mean = (of: (place: { x: number; y: number }) => number): number =>
    at.reduce((sum, place) => sum + place.value * of(place), 0) / at.reduce((sum, { value }) => sum + value, 0);
  const [x, y] = [mean((place) => place.x), mean((place) => place.y)];
  return { x, y, spread: mean((place) => Math.hypot(place.x - x, place.y - y)) };
}

const MIDDLE = (SIZE - 1) / 2;

it('leaves the picture unchanged without a change', () => {
  const image = spot(10, 20, 3);
  expect(randomAffine(STILL)(image, new SeededRandom(1)).data).toEqual(image.data);
});

it('turns about the centre by at most the given degrees, both ways', () => {
  const angles = Array.from({ length: 40 }, (_, seed) => {
    const { x, y } = measure(
      randomAffine({ ...STILL, degrees: 30 })(spot(MIDDLE + 8, MIDDLE, 1.5), new SeededRandom(seed)),
    );
    expect(Math.hypot(x, y)).toBeCloseTo(8, 1);
    return (Math.atan2(y, x) * 180) / Math.PI;
  });
  expect(Math.max(...angles)).toBeLessThan(30.5);
  expect(Math.min(...angles)).toBeGreaterThan(-30.5);
  expect(Math.max(...angles)).toBeGreaterThan(15);
  expect(Math.min(...angles)).toBeLessThan(-15);
});

it('makes the face larger or smaller by the factor that is drawn', () => {
  for (const factor of [0.8, 1.25]) {
    const before = measure(spot(MIDDLE, MIDDLE, 3)).spread;
    expect(
      measure(randomAffine({ ...STILL, scale: [factor, factor] })(spot(MIDDLE, MIDDLE, 3), new SeededRandom(1)))
        .spread / before,
    ).toBeCloseTo(factor, 1);
  }
});

it('moves by at most that share of the side', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { x, y } = measure(randomAffine({ ...STILL, move: 0.1 })(spot(MIDDLE, MIDDLE, 2), new SeededRandom(seed)));
      expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(0.1 * SIZE + 0.05);
    }),
    { numRuns: 30 },
  );
});

it('turns as `rotate` does', () => {
  const image = spot(12, 19, 4);
  const turned = randomAffine({ ...STILL, degrees: 20 })(image, new SeededRandom(3));
  const first = new SeededRandom(3).next();
  expect(turned.data).toEqual(rotate(image, -20 + 40 * first).data);
});

it('repeats the edge where it moves in', () => {
  const flat = grey(Array.from({ length: 9 }, () => new Array<number>(9).fill(77)));
  expect(randomAffine({ degrees: 90, scale: [0.2, 0.2], move: 1 })(flat, new SeededRandom(1)).data).toEqual(flat.data);
});

it('refuses settings that make no sense', () => {
  for (const options of [{ degrees: -1 }, { scale: [0, 1] }, { scale: [1.2, 0.9] }, { move: 2 }] as const)
    expect(() => randomAffine(options)).toThrow(/augmentation/);
});

describe('displace', () => {
  function uniform(length: number, right: number, down: number) {
    return { right: new Float32Array(length).fill(right), down: new Float32Array(length).fill(down) };
  }

  it('with the same offset everywhere it is a translation', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }), (image, a, b) => {
        const [right, down] = [a / 4, b / 4];
        const moved = displace(image, uniform(image.width * image.height, right, down));
        const wanted = translate(image, -right, -down);
        moved.data.forEach((value, i) => {
          expect(value).toBeCloseTo(wanted.data[i]!, 3);
        });
      }),
    );
  });

  it('goes a share of the way', () => {
    fc.assert(
      fc.property(images, (image) => {
        const length = image.width * image.height;
        const half = displace(image, uniform(length, 2, -1), 0.5);
        expect([...half.data]).toEqual([...displace(image, uniform(length, 1, -0.5)).data]);
      }),
    );
  });
});
