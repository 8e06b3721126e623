import { expect, it } from 'vitest';
import { grey } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import { pixelNoise } from './pixel-noise.js';

it('has the deviation asked for and no drift', () => {
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
