import { expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { colourOperation } from './colour-operation.js';
import type { PixelImage } from './image.js';

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
