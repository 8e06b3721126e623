import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { SeededRandom } from '../util/seeded-random.js';
import { expectedCalibrationError, fitTemperature, reliabilityBins, temperedPosteriors } from './calibration.js';
import { classificationMetrics, confusionMatrix, normaliseRows, predictedClasses } from './classification-metrics.js';

describe('confusion matrix', () => {
  it('has the truth in rows, and leaves out what has no label', () => {
    expect(confusionMatrix([0, 0, 1, 2, -1], [0, 1, 1, 0, 2], 3)).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(
      normaliseRows([
        [1, 3],
        [0, 0],
      ]),
    ).toEqual([[0.25, 0.75], null]);
    expect(
      predictedClasses([
        [0.2, 0.8],
        [0.5, 0.5],
      ]),
    ).toEqual([1, 0]);
  });

  it('refuses other lengths and classes', () => {
    expect(() => confusionMatrix([0], [], 2)).toThrow(FerError);
    expect(() => confusionMatrix([0, 1], [0, 2], 2)).toThrow(/sample 1 has label 1 and prediction 2/);
    expect(() => confusionMatrix([2], [0], 2)).toThrow(FerError);
  });
});

describe('classification metrics', () => {
  it('by hand, with a class that occurs nowhere and one that is only predicted', () => {
    // Class 2 is predicted once and never true, class 3 neither.
    const m = classificationMetrics(confusionMatrix([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 2], 4));
    expect(m.count).toBe(6);
    expect(m.support).toEqual([4, 2, 0, 0]);
    expect(m.accuracy).toBeCloseTo(4 / 6, 12);
    expect(m.recall).toEqual([0.75, 0.5, null, null]);
    expect(m.precision).toEqual([1, 0.5, 0, null]);
    expect(m.meanClassAccuracy).toBeCloseTo(0.625, 12);
    expect(m.f1[0]).toBeCloseTo(6 / 7, 12);
    expect(m.f1.slice(1)).toEqual([0.5, 0, null]);
    expect(m.macroF1).toBeCloseTo((6 / 7 + 0.5) / 4, 12);
    expect(m.macroF1Present).toBeCloseTo((6 / 7 + 0.5) / 3, 12);
  });

  it('is 0 of nothing', () => {
    const m = classificationMetrics(confusionMatrix([], [], 3));
    expect([m.count, m.accuracy, m.meanClassAccuracy, m.macroF1]).toEqual([0, 0, 0, 0]);
  });

  it('is in [0, 1], is 1 when all is right, and does not depend on the order of samples or classes', () => {
    const index = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(index, index), { minLength: 1 }), fc.integer(), (pairs, seed) => {
        const of = (p: readonly (readonly [number, number])[]) =>
          classificationMetrics(
            confusionMatrix(
              p.map(([t]) => t),
              p.map(([, q]) => q),
              5,
            ),
          );
        const m = of(pairs);
        for (const value of [m.accuracy, m.meanClassAccuracy, m.macroF1, m.macroF1Present]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(m.macroF1).toBeLessThanOrEqual(m.macroF1Present);
        const random = new SeededRandom(seed);
        const rename = random.shuffle([0, 1, 2, 3, 4]);
        const other = of(random.shuffle(pairs).map(([t, p]) => [rename[t]!, rename[p]!] as const));
        expect(other.accuracy).toBe(m.accuracy);
        expect(other.meanClassAccuracy).toBeCloseTo(m.meanClassAccuracy, 12);
        expect(other.macroF1).toBeCloseTo(m.macroF1, 12);
        const right = of(pairs.map(([t]) => [t, t] as const));
        expect([right.accuracy, right.meanClassAccuracy, right.macroF1Present]).toEqual([1, 1, 1]);
      }),
    );
  });
});

describe('calibration', () => {
  it('by hand: two bins', () => {
    const bins = reliabilityBins(
      [
        [0.9, 0.1],
        [0.8, 0.2],
        [0.4, 0.6],
        [1, 0],
        [0.3, 0.7],
      ],
      [0, 1, 1, 0, -1],
      10,
    );
    expect(bins).toHaveLength(10);
    expect(bins[5]).toMatchObject({ from: 0.5, to: 0.6, count: 1, accuracy: 1 });
    expect(bins[7]).toMatchObject({ count: 1, accuracy: 0 });
    expect(bins[9]).toMatchObject({ count: 1, accuracy: 1, confidence: 1 });
    // |1 - 0.6|, |0 - 0.8|, |1 - 0.9|, |1 - 1|, a quarter each.
    expect(expectedCalibrationError(bins)).toBeCloseTo((0.4 + 0.8 + 0.1) / 4, 12);
  });

  it('is 0 for a sure and right prediction, 1 for a sure and wrong one', () => {
    expect(
      expectedCalibrationError(
        reliabilityBins(
          [
            [1, 0],
            [0, 1],
          ],
          [0, 1],
        ),
      ),
    ).toBe(0);
    expect(
      expectedCalibrationError(
        reliabilityBins(
          [
            [1, 0],
            [0, 1],
          ],
          [1, 0],
        ),
      ),
    ).toBe(1);
    expect(expectedCalibrationError(reliabilityBins([], []))).toBe(0);
    expect(() => reliabilityBins([], [1])).toThrow(FerError);
  });

  it('counts every labelled prediction once and stays in [0, 1]', () => {
    const row = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(row, fc.integer({ min: -1, max: 3 }))), (samples) => {
        const posteriors = temperedPosteriors(
          samples.map(([z]) => z),
          1,
        );
        const bins = reliabilityBins(
          posteriors,
          samples.map(([, y]) => y),
        );
        expect(bins).toHaveLength(15);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(samples.filter(([, y]) => y >= 0).length);
        const error = expectedCalibrationError(bins);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('finds the temperature that the labels were drawn with', () => {
    const random = new SeededRandom(2);
    const logits = Array.from({ length: 4000 }, () => Array.from({ length: 5 }, () => 6 * random.normal()));
    const truth = temperedPosteriors(logits, 3).map((p) => draw(p, random.next()));
    const temperature = fitTemperature(logits, truth);
    expect(temperature).toBeGreaterThan(2.8);
    expect(temperature).toBeLessThan(3.2);
    const error = (t: number): number =>
      expectedCalibrationError(reliabilityBins(temperedPosteriors(logits, t), truth));
    expect(error(temperature)).toBeLessThan(0.03);
    expect(error(1)).toBeGreaterThan(0.1);
  });

  it('by hand: 3 right of 4 at a logit of 1 makes p = 3/4, T = 1 / ln 3', () => {
    expect(
      fitTemperature(
        [
          [1, 0],
          [1, 0],
          [1, 0],
          [1, 0],
          [9, 9],
        ],
        [0, 0, 0, 1, -1],
      ),
    ).toBeCloseTo(1 / Math.log(3), 4);
    expect(fitTemperature([[1, 0]], [0])).toBeCloseTo(0.05, 3);
    expect(fitTemperature([[1e4, 0]], [1])).toBeCloseTo(20, 2);
    expect(() => fitTemperature([[1, 0]], [-1])).toThrow(FerError);
  });
});

/** The class at which the running sum of `p` passes `u`. */
function draw(p: ArrayLike<number>, u: number): number {
  let sum = 0;
  for (let k = 0; k < p.length; k += 1) {
    sum += p[k]!;
    if (u < sum) return k;
  }
  return p.length - 1;
}
