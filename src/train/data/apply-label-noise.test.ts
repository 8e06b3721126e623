import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { applyLabelNoise, stratified } from './label-noise.js';

const CLASSES = 3;
const NOTHING = { seed: 1, dataSeed: null, subset: null, imbalance: null, noise: null };
const ROWS = Array.from({ length: 120 }, (_, i) => ({ id: `s${i}`, truth: classOf(i), label: classOf(i) }));
const ids = (kept: readonly { readonly id: string }[]): string[] => kept.map(({ id }) => id);
const ofClass = (kept: readonly { readonly label: number }[], label: number): number =>
  kept.filter((one) => one.label === label).length;

/** 60, 40 and 20 of the three. */
function classOf(i: number): number {
  return i < 60 ? 0 : i < 100 ? 1 : 2;
}

describe('a stratified part', () => {
  it('has the given size, in order, with every class in proportion', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer(),
        (labels, count, seed) => {
          const samples = labels.map((label, place) => ({ label, place }));
          const part = stratified(samples, count, new SeededRandom(seed));
          expect(part).toHaveLength(Math.min(count, samples.length));
          expect(part.map(({ place }) => place)).toEqual(part.map(({ place }) => place).sort((a, b) => a - b));
          const kinds = [...new Set(labels)];
          for (const kind of kinds) {
            const all = ofClass(samples, kind);
            // Rounding alone: half a sample of its own, and its share of the others' halves.
            expect(Math.abs(ofClass(part, kind) - (part.length * all) / samples.length)).toBeLessThanOrEqual(
              0.5 + (all * kinds.length) / (2 * samples.length) + 1e-9,
            );
          }
        },
      ),
    );
  });

  it('grows by adding: a smaller part is within a larger one', () => {
    const small = stratified(ROWS, 30, new SeededRandom(5));
    const large = new Set(stratified(ROWS, 70, new SeededRandom(5)));
    expect(small.every((sample) => large.has(sample))).toBe(true);
    expect(stratified(ROWS, 30, new SeededRandom(6))).not.toEqual(small);
  });
});

describe('the training part of an experiment', () => {
  it('is everything, with its own labels, by default', () => {
    expect(applyLabelNoise(ROWS, CLASSES, NOTHING)).toEqual(ROWS);
  });

  it('is cut to the given number', () => {
    const kept = applyLabelNoise(ROWS, CLASSES, { ...NOTHING, subset: 60 });
    expect([0, 1, 2].map((label) => ofClass(kept, label))).toEqual([30, 20, 10]);
  });

  it('gets a long tail', () => {
    const kept = applyLabelNoise(ROWS, CLASSES, { ...NOTHING, imbalance: 15 });
    expect(ofClass(kept, 0) / ofClass(kept, 2)).toBe(15);
  });

  it('gets exactly the given number of wrong labels', () => {
    for (const kind of ['symmetric', 'pair'] as const) {
      const kept = applyLabelNoise(ROWS, CLASSES, { ...NOTHING, noise: { kind, rate: 0.25 } });
      expect(ids(kept)).toEqual(ids(ROWS));
      const wrong = kept.filter(({ truth, label }) => truth !== label);
      expect(wrong).toHaveLength(30);
      if (kind === 'pair') for (const { truth, label } of wrong) expect(label).toBe((truth + 1) % 3);
    }
  });

  it('takes the votes from those with a wrong label, for they tell the true one', () => {
    const voted = ROWS.map((row) => ({ ...row, shares: [1, 0, 0] }));
    for (const { truth, label, shares } of applyLabelNoise(voted, CLASSES, {
      ...NOTHING,
      noise: { kind: 'pair', rate: 0.5 },
    }))
      expect(shares).toEqual(truth === label ? [1, 0, 0] : null);
  });

  it('depends on the data seed where there is one, else on the seed', () => {
    const asked = { subset: 50, imbalance: 5, noise: { kind: 'symmetric', rate: 0.5 } } as const;
    const one = applyLabelNoise(ROWS, CLASSES, { seed: 1, dataSeed: 9, ...asked });
    expect(applyLabelNoise(ROWS, CLASSES, { seed: 2, dataSeed: 9, ...asked })).toEqual(one);
    expect(applyLabelNoise(ROWS, CLASSES, { seed: 9, dataSeed: null, ...asked })).toEqual(one);
    expect(applyLabelNoise(ROWS, CLASSES, { seed: 1, dataSeed: null, ...asked })).not.toEqual(one);
  });

  it('draws the noise apart from the subset: the same samples at every rate', () => {
    const at = (rate: number): readonly (typeof ROWS)[number][] =>
      applyLabelNoise(ROWS, CLASSES, { ...NOTHING, subset: 80, noise: { kind: 'symmetric', rate } });
    expect(ids(at(0.1))).toEqual(ids(at(0.4)));
  });
});
