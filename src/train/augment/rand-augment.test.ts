import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changed, images } from '../../../test/support/images.js';
import { OPERATIONS, randAugment, colourOperation } from './rand-augment.js';
import type { Operation } from './rand-augment.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { PixelImage } from './pixel.js';

const ENTRIES: readonly [string, Operation][] = Object.entries(OPERATIONS);
/** Fewer than usual: there are fourteen operations. */
const RUNS = { numRuns: 40 };
/** These have no strength. */
const WITHOUT_LEVEL = ['autocontrast', 'equalise'];

it.each(ENTRIES)('%s: shape kept, values in 0..255, input untouched, at every level', (_, { apply, signed }) => {
  fc.assert(
    fc.property(images, fc.double({ min: signed ? -1 : 0, max: 1, noNaN: true }), (image, level) => {
      changed(image, (before) => apply(before, level));
    }),
    RUNS,
  );
});

it.each(ENTRIES.filter(([name]) => !WITHOUT_LEVEL.includes(name)))('%s: nothing at level 0', (_, { apply }) => {
  fc.assert(
    fc.property(images, (image) => {
      expect(apply(image, 0)).toBe(image);
    }),
    RUNS,
  );
});

it.each(ENTRIES.filter(([name]) => name !== 'identity'))(
  '%s: changes a picture at level 1, the other way at -1 where it has two',
  (_, { apply, signed }) => {
    // Dark and bright, coloured, uneven.
    const image = {
      data: Float32Array.from({ length: 8 * 8 * 3 }, (_value, i) => 40 + ((i * 37) % 180)),
      height: 8,
      width: 8,
      channels: 3,
    };
    expect(apply(image, 1).data).not.toEqual(image.data);
    if (signed) expect(apply(image, -1).data).not.toEqual(apply(image, 1).data);
  },
);

it('works on the list of the paper', () => {
  expect(ENTRIES.map(([name]) => name)).toHaveLength(14);
});

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

it('applies operations in sequence', () => {
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

const COLOUR: PixelImage = {
  data: Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => 40 + ((i * 37) % 180)),
  height: 8,
  width: 8,
  channels: 3,
};

it('does nothing at strength 0 but autocontrast and equalise, which have none', () => {
  const random = new SeededRandom(1);
  const results = Array.from({ length: 700 }, () => colourOperation({ strongest: 0 })(COLOUR, random));
  const changed = results.filter((result) => result !== COLOUR);
  expect(new Set(changed.map(({ data }) => data.join())).size).toBe(2);
  // Two of seven; four standard deviations.
  expect(Math.abs(changed.length - 200)).toBeLessThan(48);
});

it('two of six for pictures of one channel', () => {
  const random = new SeededRandom(2);
  const image = { ...COLOUR, width: 24, channels: 1 };
  const changed = Array.from({ length: 600 }, () => colourOperation({ strongest: 0 })(image, random)).filter(
    (result) => result !== image,
  );
  expect(Math.abs(changed.length - 200)).toBeLessThan(47);
});

it('draws a strength for each picture', () => {
  const random = new SeededRandom(3);
  const means = Array.from(
    { length: 300 },
    () => colourOperation()({ ...COLOUR, data: COLOUR.data.map(() => 100) }, random).data[0]!,
  );
  // A flat grey picture: only brightness moves it, by up to 45 %, and posterise a little.
  expect(Math.min(...means)).toBeGreaterThanOrEqual(55);
  expect(Math.max(...means)).toBeLessThanOrEqual(145);
  expect(Math.min(...means)).toBeLessThan(75);
  expect(Math.max(...means)).toBeGreaterThan(125);
  expect(new Set(means).size).toBeGreaterThan(20);
});

it('refuses a strength out of range', () => {
  for (const strongest of [-0.1, 1.1]) expect(() => colourOperation({ strongest })).toThrow(/strongest/);
});
