import fc from 'fast-check';
import { expect, it } from 'vitest';
import { images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { PixelImage } from './image.js';
import { OPERATIONS } from './operations/table.js';
import { randAugment } from './rand-augment.js';

function textured(channels: number): PixelImage {
  const data = Float32Array.from({ length: 8 * 8 * channels }, (_, i) => 40 + ((i * 37) % 180));
  return { data, height: 8, width: 8, channels };
}

/** What one operation can make of a picture at level 1/3, and how many ways that operation goes. */
function outcomes(image: PixelImage): { name: string; pixels: string; ways: number }[] {
  return Object.entries(OPERATIONS)
    .filter(([, { colourOnly }]) => image.channels === 3 || !colourOnly)
    .flatMap(([name, { apply, signed }]) => {
      const signs = signed ? [1, -1] : [1];
      return signs.map((sign) => ({
        name: `${name} ${sign}`,
        pixels: apply(image, sign / 3).data.join(),
        ways: signs.length,
      }));
    });
}

it.each([
  [3, 14],
  [1, 13],
])('draws every operation for %i channels equally often, either way, and nothing else', (channels, operations) => {
  const image = textured(channels);
  const augment = randAugment({ operations: 1 });
  const random = new SeededRandom(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 4000; i += 1) {
    const pixels = augment(image, random).data.join();
    counts.set(pixels, (counts.get(pixels) ?? 0) + 1);
  }
  const possible = outcomes(image);
  expect(counts.size).toBe(possible.length);
  for (const { name, pixels, ways } of possible) {
    const expected = 4000 / operations / ways;
    // Five standard deviations of a Poisson count.
    expect(Math.abs((counts.get(pixels) ?? 0) - expected), name).toBeLessThan(5 * Math.sqrt(expected));
  }
});

it('does nothing with no operations', () => {
  const image = textured(1);
  expect(randAugment({ operations: 0 })(image, new SeededRandom(1))).toBe(image);
});

it('applies operations one upon the other', () => {
  fc.assert(
    fc.property(images, fc.nat(), (image, seed) => {
      const one = randAugment({ operations: 1 });
      const random = new SeededRandom(seed);
      expect(randAugment({ operations: 2 })(image, new SeededRandom(seed)).data).toEqual(
        one(one(image, random), random).data,
      );
    }),
  );
});

it('refuses settings that make no sense', () => {
  for (const options of [
    { operations: -1 },
    { operations: 1.5 },
    { magnitude: -1 },
    { magnitude: 31 },
    { magnitude: 5, of: 4 },
    { of: 0 },
  ]) {
    expect(() => randAugment(options)).toThrow(/augmentation/);
  }
});
