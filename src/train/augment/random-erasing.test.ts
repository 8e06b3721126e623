import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { randomErasing } from './random-erasing.js';

/** Values no random number gives: what is left of them was not erased. */
function marked(width: number, height: number) {
  return grey(Array.from({ length: height }, () => Array.from({ length: width }, () => -1)));
}

it('erases one whole rectangle of a share and an aspect within bounds', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 16, max: 40 }), fc.integer({ min: 16, max: 40 }), (seed, width, height) => {
      const { data } = randomErasing({ probability: 1, area: [0.1, 0.3], aspect: [0.5, 2] })(
        marked(width, height),
        new SeededRandom(seed),
      );
      const erased = [...data.keys()].filter((index) => data[index] !== -1);
      const xs = erased.map((index) => index % width);
      const ys = erased.map((index) => Math.floor(index / width));
      const box = { width: Math.max(...xs) - Math.min(...xs) + 1, height: Math.max(...ys) - Math.min(...ys) + 1 };
      expect(erased.length).toBe(box.width * box.height);
      expect(erased.length).toBeLessThanOrEqual(0.3 * width * height);
      // Sides are rounded down by less than a pixel each.
      expect((box.width + 1) * (box.height + 1)).toBeGreaterThan(0.1 * width * height);
      expect((box.height + 1) / box.width).toBeGreaterThan(0.5);
      expect(box.height / (box.width + 1)).toBeLessThan(2);
    }),
  );
});

it('leaves the picture alone when it is not to be touched or nothing fits', () => {
  const image = marked(8, 8);
  expect(randomErasing({ probability: 0 })(image, new SeededRandom(1))).toBe(image);
  // Less than a pixel.
  expect(randomErasing({ probability: 1, area: [0, 0] })(image, new SeededRandom(1))).toBe(image);
});

it('refuses settings that make no sense', () => {
  for (const options of [
    { probability: 2 },
    { area: [0.5, 0.1] },
    { area: [0, 2] },
    { aspect: [0, 1] },
    { aspect: [2, 1] },
  ] as const) {
    expect(() => randomErasing(options)).toThrow(/augmentation/);
  }
});
