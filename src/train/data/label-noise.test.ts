import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { SeededRandom } from '../util/seeded-random.js';
import { longTail, pairNoise, symmetricNoise } from './label-noise.js';

const C = 7;
const someLabels = fc.array(fc.integer({ min: -1, max: C - 1 }), { maxLength: 80 });
const rates = fc.double({ min: 0, max: 1, noNaN: true });
const seeds = fc.integer();
const changed = (a: readonly number[], b: readonly number[]): number[] => [...a.keys()].filter((i) => a[i] !== b[i]);
const sizes = (labels: readonly number[], kept: readonly number[]): number[] =>
  Array.from({ length: C }, (_, k) => kept.filter((i) => labels[i] === k).length);

describe.each([
  ['symmetric noise', symmetricNoise],
  ['pair flips', pairNoise],
] as const)('%s', (_, noise) => {
  it('changes exactly the asked share of the labelled samples, to another class, and keeps the truth', () => {
    fc.assert(
      fc.property(someLabels, rates, seeds, (labels, rate, seed) => {
        const before = [...labels];
        const result = noise(labels, C, rate, new SeededRandom(seed));
        expect(labels).toEqual(before);
        expect(result.truth).toEqual(before);
        expect(result.flipped).toEqual(changed(labels, result.labels));
        expect(result.flipped).toHaveLength(Math.round(rate * labels.filter((label) => label >= 0).length));
        expect(
          result.labels.every((label, i) => (labels[i]! < 0 ? label === labels[i] : label >= 0 && label < C)),
        ).toBe(true);
        expect(noise(labels, C, rate, new SeededRandom(seed))).toEqual(result);
      }),
    );
  });

  it('adds to the wrong labels as the rate grows', () => {
    const labels = Array.from({ length: 500 }, (_, i) => i % C);
    const at = (rate: number): Set<number> => new Set(noise(labels, C, rate, new SeededRandom(3)).flipped);
    expect([...at(0.1)].every((i) => at(0.3).has(i))).toBe(true);
    expect(
      changed(noise(labels, C, 0.3, new SeededRandom(4)).labels, noise(labels, C, 0.3, new SeededRandom(3)).labels),
    ).not.toEqual([]);
  });

  it('refuses what is not a rate, no class, no label', () => {
    const random = new SeededRandom(1);
    expect(() => noise([0, 1], 2, 1.5, random)).toThrow(FerError);
    expect(() => noise([0, 0], 1, 0.5, random)).toThrow(FerError);
    expect(() => noise([0, 2], 2, 0.5, random)).toThrow(/sample 1 has label 2/);
  });
});

it('symmetric noise is uniform over the other classes', () => {
  const { labels } = symmetricNoise(
    Array.from({ length: 12_000 }, () => 2),
    C,
    1,
    new SeededRandom(5),
  );
  const counts = Array.from({ length: C }, (_, k) => labels.filter((label) => label === k).length);
  expect(counts[2]).toBe(0);
  // Five standard deviations of a count with p = 1/6.
  counts
    .filter((_, k) => k !== 2)
    .forEach((count) => {
      expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt((12_000 * 5) / 36));
    });
});

it('pair flips follow their partners', () => {
  expect(pairNoise([0, 1, 2], 3, 1, new SeededRandom(1)).labels).toEqual([1, 2, 0]);
  expect(pairNoise([0, 1, 2], 3, 1, new SeededRandom(1), [2, 0, 1]).labels).toEqual([2, 0, 1]);
  expect(() => pairNoise([0], 2, 1, new SeededRandom(1), [0, 0])).toThrow(/none its own partner/);
});

describe('long tail', () => {
  it('cuts equal classes to an exponential profile', () => {
    const labels = Array.from({ length: 5 * 800 }, (_, i) => i % 5);
    const kept = longTail(labels, 16, new SeededRandom(1));
    expect(sizes(labels, kept).slice(0, 5)).toEqual([800, 400, 200, 100, 50]);
    expect(longTail(labels, 16, new SeededRandom(1))).toEqual(kept);
    expect(longTail(labels, 16, new SeededRandom(2))).not.toEqual(kept);
  });

  it('keeps the order of the sizes, and a class smaller than its share whole', () => {
    const labels = [
      ...Array.from({ length: 10 }, () => 3),
      ...Array.from({ length: 400 }, () => 1),
      ...Array.from({ length: 200 }, () => 0),
    ];
    // Ranks: class 1 keeps 400, class 0 min(200, 400 / sqrt(4) = 200), class 3 all its 10 of 100.
    expect(sizes(labels, longTail(labels, 4, new SeededRandom(1)))).toEqual([200, 400, 0, 10, 0, 0, 0]);
  });

  it('keeps existing indices once, every class that occurs, and all at factor 1 of equal classes', () => {
    fc.assert(
      fc.property(someLabels, fc.double({ min: 1, max: 150, noNaN: true }), seeds, (labels, factor, seed) => {
        const kept = longTail(labels, factor, new SeededRandom(seed));
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.every((i) => i >= 0 && i < labels.length)).toBe(true);
        expect(new Set(kept.map((i) => labels[i]))).toEqual(new Set(labels));
        expect(kept.filter((i) => labels[i]! < 0)).toEqual([...labels.keys()].filter((i) => labels[i]! < 0));
      }),
    );
    expect(longTail([0, 1, 1, 0], 1, new SeededRandom(1))).toEqual([0, 1, 2, 3]);
    expect(() => longTail([0, 1], 0.5, new SeededRandom(1))).toThrow(FerError);
  });
});
