import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnderRoc } from './classification-metrics.js';

/** The definition: pairs of a positive and a negative that are in the right order, ties counting half. */
function byPairs(samples: readonly (readonly [number, boolean])[]): number | null {
  const of = (wanted: boolean): number[] =>
    samples.filter(([, isPositive]) => isPositive === wanted).map(([score]) => score);
  const [positives, negatives] = [of(true), of(false)];
  const won = positives
    .flatMap((p) => negatives.map((n): number => (p > n ? 1 : p === n ? 0.5 : 0)))
    .reduce((a, b) => a + b, 0);
  return positives.length * negatives.length === 0 ? null : won / (positives.length * negatives.length);
}

describe('area under the ROC curve', () => {
  it('is 1 for the right order, 0 for the reverse, a half for all the same', () => {
    expect(areaUnderRoc([0.1, 0.2, 0.8, 0.9], [false, false, true, true])).toBe(1);
    expect(areaUnderRoc([0.9, 0.8, 0.2, 0.1], [false, false, true, true])).toBe(0);
    expect(areaUnderRoc([3, 3, 3], [false, true, false])).toBe(0.5);
    expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
  });

  it('is nothing where one side is missing', () => {
    expect(areaUnderRoc([], [])).toBeNull();
    expect(areaUnderRoc([1, 2], [true, true])).toBeNull();
    expect(areaUnderRoc([1, 2], [false, false])).toBeNull();
  });

  it('counts pairs, ties by half, whatever the order', () => {
    // Few distinct scores, so that ties within and across are common.
    const samples = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(samples, (list) => {
        const area = areaUnderRoc(
          list.map(([score]) => score),
          list.map(([, isPositive]) => isPositive),
        );
        const expected = byPairs(list);
        if (expected === null) expect(area).toBeNull();
        else expect(area).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('refuses what is not a ranking', () => {
    expect(() => areaUnderRoc([1], [])).toThrow(/1 scores but 0 labels/);
    expect(() => areaUnderRoc([1, NaN], [true, false])).toThrow(/not a number/);
  });
});
