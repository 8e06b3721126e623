import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { SAMPLERS, drawnShares, epochOrder, repeatsOf } from './sampler.js';

const classes = fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 80 });
const seed = fc.integer({ min: 0, max: 1000 });

function countOf(order: readonly number[], byClass: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const i of order) counts.set(byClass[i]!, (counts.get(byClass[i]!) ?? 0) + 1);
  return counts;
}

describe("an epoch's order", () => {
  it.each(SAMPLERS)('by %s is as long as the set, of its samples, and the same for the same seed', (sampler) => {
    fc.assert(
      fc.property(classes, seed, (labels, s) => {
        const order = epochOrder(sampler, labels, new SeededRandom(s));
        expect(order).toHaveLength(labels.length);
        for (const i of order) expect(labels[i]).toBeDefined();
        expect(epochOrder(sampler, labels, new SeededRandom(s))).toEqual(order);
      }),
    );
  });

  it.each(SAMPLERS)('by %s differs between epochs', (sampler) => {
    const labels = Array.from({ length: 40 }, (_, i) => i % 3);
    const random = new SeededRandom(1);
    expect(epochOrder(sampler, labels, random.fork('epoch 0'))).not.toEqual(
      epochOrder(sampler, labels, random.fork('epoch 1')),
    );
  });

  it('shuffled has every sample once', () => {
    fc.assert(
      fc.property(classes, seed, (labels, s) => {
        expect(epochOrder('shuffle', labels, new SeededRandom(s)).sort((a, b) => a - b)).toEqual([...labels.keys()]);
      }),
    );
  });

  it('class-balanced gives every class its turn in every round, and uses a class up before repeating one of its samples', () => {
    fc.assert(
      fc.property(classes, seed, (labels, s) => {
        const order = epochOrder('class-balanced', labels, new SeededRandom(s));
        const kinds = new Set(labels);
        for (let from = 0; from + kinds.size <= order.length; from += kinds.size) {
          expect(new Set(order.slice(from, from + kinds.size).map((i) => labels[i]))).toEqual(kinds);
        }
        const times = labels.map((_, i) => order.filter((j) => j === i).length);
        for (const kind of kinds) {
          const own = times.filter((_, i) => labels[i] === kind);
          expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
        }
        const counts = [...kinds].map((kind) => countOf(order, labels).get(kind) ?? 0);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('by imbalance draws rare classes as often as frequent ones, with replacement', () => {
    const labels = Array.from({ length: 9000 }, (_, i) => (i < 8900 ? 0 : i < 8990 ? 1 : 2));
    const order = epochOrder('imbalance', labels, new SeededRandom(7));
    // 3,000 each; the standard deviation is 45.
    for (const count of countOf(order, labels).values()) expect(Math.abs(count - 3000)).toBeLessThan(5 * 45);
    expect(new Set(order).size).toBeLessThan(order.length);
  });
});

describe('by square root', () => {
  it('classes come in proportion to the root of their size, and none of their samples again before all had their turn', () => {
    fc.assert(
      fc.property(classes, seed, (labels, s) => {
        const order = epochOrder('square-root', labels, new SeededRandom(s));
        const sizes = countOf([...labels.keys()], labels);
        const total = [...sizes.values()].reduce((sum, size) => sum + Math.sqrt(size), 0);
        const drawn = countOf(order, labels);
        for (const [kind, size] of sizes)
          expect(Math.abs((drawn.get(kind) ?? 0) - (labels.length * Math.sqrt(size)) / total)).toBeLessThanOrEqual(1);
        const times = labels.map((_, i) => order.filter((j) => j === i).length);
        for (const kind of sizes.keys()) {
          const own = times.filter((_, i) => labels[i] === kind);
          expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

it.each(SAMPLERS)('knows how often %s draws the classes', (sampler) => {
  const counts = [8000, 0, 900, 100];
  const labels = counts.flatMap((count, k) => Array.from({ length: count }, () => k));
  const drawn = countOf(epochOrder(sampler, labels, new SeededRandom(3)), labels);
  const shares = drawnShares(sampler, counts);
  const total = shares.reduce((sum, share) => sum + share, 0);
  // Five standard deviations where it is a matter of chance.
  shares.forEach((share, k) => {
    expect(Math.abs((drawn.get(k) ?? 0) - (9000 * share) / total)).toBeLessThanOrEqual(5 * 45);
  });
});

it('counts how often a sample came before', () => {
  expect(repeatsOf([3, 1, 3, 3, 0, 1])).toEqual([0, 0, 1, 2, 0, 1]);
  expect(repeatsOf([])).toEqual([]);
});
