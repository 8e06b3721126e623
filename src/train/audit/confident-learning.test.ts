import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionMatrix } from '../metrics/classification-metrics.js';
import { SeededRandom } from '../util/seeded-random.js';
import { confidentLearning, normalisedMargin, selfConfidence } from './confident-learning.js';

describe('confident learning', () => {
  it('by hand', () => {
    // Given 0: self-confidence 0.9, 0.8, 0.1, mean 0.6. Given 1: 0.8, 0.6, mean 0.7.
    const posteriors = [
      [0.9, 0.1],
      [0.8, 0.2],
      [0.1, 0.9],
      [0.2, 0.8],
      [0.4, 0.6],
    ];
    const found = confidentLearning(posteriors, [0, 0, 0, 1, 1], 2);
    expect(found.thresholds[0]).toBeCloseTo(0.6, 12);
    expect(found.thresholds[1]).toBeCloseTo(0.7, 12);
    // The last one reaches neither threshold, and is not counted.
    expect(found.confidentJoint).toEqual([
      [2, 1],
      [0, 1],
    ]);
    expect(found.joint).toEqual([
      [2, 1],
      [0, 2],
    ]);
    expect(found.noiseRates[0]).toBeCloseTo(1 / 3, 12);
    expect(found.noiseRates[1]).toBe(0);
    expect(found.expectedWrong).toBeCloseTo(1, 12);
    expect(selfConfidence(posteriors, [0, 0, 0, 1, 1])).toEqual([0.9, 0.8, 0.1, 0.8, 0.6]);
    [0.8, 0.6, -0.8, 0.6, 0.2].forEach((margin, i) => {
      expect(normalisedMargin(posteriors, [0, 0, 0, 1, 1])[i]).toBeCloseTo(margin, 12);
    });
  });

  it('takes the larger of two classes that both reach their threshold', () => {
    // Class 1 is hard: its threshold is low, and the third sample reaches both.
    const { confidentJoint } = confidentLearning(
      [
        [0.5, 0.3, 0.2],
        [0.6, 0.2, 0.2],
        [0.55, 0.45, 0],
      ],
      [0, 1, 1],
      3,
    );
    expect(confidentJoint).toEqual([
      [1, 0, 0],
      [2, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('ignores a class without samples, and keeps one that is never confident below a rate of 1', () => {
    const found = confidentLearning(
      [
        [0.9, 0.05, 0.05],
        [0.8, 0.1, 0.1],
        [0.9, 0.1, 0],
      ],
      [0, 1, 1],
      3,
    );
    expect(found.thresholds[2]).toBe(Infinity);
    expect(found.noiseRates).toEqual([0, expect.closeTo(0.5, 12), null]);
    expect(confidentLearning([], [], 2)).toMatchObject({ expectedWrong: 0, noiseRates: [null, null] });
  });

  it('finds exactly the labels made wrong, from posteriors that tell the truth', () => {
    const random = new SeededRandom(3);
    const truth = Array.from({ length: 3000 }, (_, i) => i % 3);
    const rates = [0.3, 0.1, 0.05];
    const given = truth.map((label) => (random.next() < rates[label]! ? (label + 1) % 3 : label));
    const { joint, noiseRates, expectedWrong } = confidentLearning(
      truth.map((label) => [0, 1, 2].map((k) => (k === label ? 0.8 : 0.1))),
      given,
      3,
    );
    const counts = confusionMatrix(given, truth, 3);
    joint.flat().forEach((count, i) => {
      expect(count).toBeCloseTo(counts.flat()[i]!, 9);
    });
    expect(noiseRates[1]).toBeCloseTo(counts[1]![0]! / (counts[1]![0]! + counts[1]![1]!), 9);
    expect(expectedWrong).toBeCloseTo(truth.filter((label, i) => label !== given[i]).length, 9);
  });

  it('scales every row to the samples given its label; rates are shares', () => {
    const sample = fc.tuple(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 0, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(sample), (samples) => {
        const given = samples.map(([, label]) => label);
        const { joint, noiseRates, expectedWrong } = confidentLearning(
          samples.map(([row]) => row),
          given,
          3,
        );
        joint.forEach((row, i) => {
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(given.filter((label) => label === i).length, 9);
          if (noiseRates[i] !== null) expect(noiseRates[i]).toBeGreaterThanOrEqual(0);
          if (noiseRates[i] !== null) expect(noiseRates[i]).toBeLessThan(1);
        });
        expect(expectedWrong).toBeLessThanOrEqual(samples.length);
      }),
    );
  });

  it('refuses lists that do not fit', () => {
    expect(() => confidentLearning([[1, 0]], [], 2)).toThrow(/1 posteriors but 0 labels/);
    expect(() => confidentLearning([[1, 0]], [2], 2)).toThrow(/sample 0 has label 2/);
    expect(() => confidentLearning([[1]], [0], 2)).toThrow(/1 posteriors/);
  });
});
