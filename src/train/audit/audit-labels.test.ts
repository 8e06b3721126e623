import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionMatrix } from '../metrics/classification-metrics.js';
import { SeededRandom } from '../util/seeded-random.js';
import { auditLabels, confidentLearning, normalisedMargin, scoresWithMean, selfConfidence } from './audit-labels.js';
import { auditCsv } from './audit-page.js';
import { evidenceOfLook, evidenceOfRun } from './label-evidence.js';
import type { LabelEvidence } from './label-evidence.js';

const LABELS = ['neutral', 'happiness', 'anger'];

describe('labels judged by a run', () => {
  it('is averaged over the epochs in which a row was drawn', () => {
    // Two rows in two epochs; the second row is drawn in the second epoch alone.
    const values = Float32Array.of(0.5, 0.25, 0, NaN, NaN, NaN, 0.125, 0.75, 2, 0.25, 0.5, 0);
    const [first, second] = evidenceOfRun({ labels: LABELS, rows: ['a', 'b'], given: [0, 1], epochs: 2, values });
    // Where the given label was predicted, the nearest one is taken to be the one that was predicted in the other epoch.
    expect(first).toMatchObject({ id: 'a', given: 0, nearest: 0.5, disagreed: 0.5, looks: 2 });
    expect([...first!.posteriors]).toEqual([0.3125, 0, 0.5]);
    expect(first!.logOdds).toBeCloseTo((Math.log(1) + Math.log(0.875 / 0.125)) / 2, 3);
    expect(second).toMatchObject({ id: 'b', nearest: 0.5, disagreed: 1, looks: 1 });
    expect([...second!.posteriors]).toEqual([0.5, 0.25, 0]);
  });

  it('is nothing for rows without a label, and for rows that were never drawn', () => {
    expect(
      evidenceOfRun({
        labels: LABELS,
        rows: ['a', 'b'],
        given: [-1, 0],
        epochs: 1,
        values: Float32Array.of(0.5, 0.5, 0, NaN, NaN, NaN),
      }),
    ).toEqual([]);
  });

  it('bears posteriors of 0 and 1', () => {
    const [sure, never] = evidenceOfRun({
      labels: LABELS,
      rows: ['a', 'b'],
      given: [0, 0],
      epochs: 1,
      values: Float32Array.of(1, 0, 0, 0, 1, 1),
    });
    expect(sure!.logOdds).toBeCloseTo(-never!.logOdds, 9);
    expect(Number.isFinite(sure!.logOdds)).toBe(true);
    expect([...sure!.posteriors]).toEqual([1, 0, 0]);
  });
});

it('labels judged by a single look', () => {
  expect(evidenceOfLook('a', 1, Float64Array.of(0.7, 0.2, 0.1))).toMatchObject({
    nearest: 0.7,
    disagreed: 1,
    looks: 1,
  });
  expect(evidenceOfLook('a', 0, Float64Array.of(0.7, 0.2, 0.1))).toMatchObject({
    nearest: 0.2,
    disagreed: 0,
    looks: 1,
  });
});

describe('scores', () => {
  it('have the given mean, and keep the order', () => {
    const odds = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(odds, fc.double({ min: 0, max: 1, noNaN: true }), (logOdds, mean) => {
        const scores = scoresWithMean(logOdds, mean);
        const half = 0.5 / logOdds.length;
        expect(scores.reduce((a, b) => a + b, 0) / scores.length).toBeCloseTo(
          Math.min(1 - half, Math.max(half, mean)),
          6,
        );
        scores.forEach((score, i) => {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          scores.forEach((other, j) => {
            if (logOdds[i]! > logOdds[j]!) expect(score).toBeGreaterThanOrEqual(other);
          });
        });
      }),
    );
    expect(scoresWithMean([], 0.5)).toEqual([]);
  });
});

describe('an audit', () => {
  const look = (id: string, given: number, ...posteriors: number[]): LabelEvidence =>
    evidenceOfLook(id, given, Float64Array.from(posteriors));
  const evidence = [
    ...Array.from({ length: 9 }, (_, i) => look(`n${i}`, 0, 0.9, 0.05, 0.05)),
    look('wrong', 0, 0.02, 0.95, 0.03),
    ...Array.from({ length: 9 }, (_, i) => look(`h${i}`, 1, 0.1, 0.8, 0.1)),
    look('unclear', 1, 0.1, 0.45, 0.45),
  ];
  const audit = auditLabels(evidence, LABELS);

  it('puts what looks wrong first, suggests another label, and marks as many as are expected to be wrong', () => {
    expect(audit.rows.map(({ id }) => id).slice(0, 2)).toEqual(['wrong', 'unclear']);
    expect(audit.rows[0]).toMatchObject({ given: 0, suggested: 1, isSuspect: true, truth: 0.02, nearest: 0.95 });
    expect(audit.expectedWrong).toBeCloseTo(1, 9);
    expect(audit.rows.filter(({ isSuspect }) => isSuspect)).toHaveLength(1);
    expect(audit.noiseRates).toEqual([expect.closeTo(0.1, 9), 0, null]);
    expect(audit.confusion).toEqual([
      [9, 1, 0],
      [0, 10, 0],
      [0, 0, 0],
    ]);
    expect(audit.rows.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
  });

  it('of a share that is known has it as its mean, and the mean scores of the classes as their rates', () => {
    const known = auditLabels(evidence, LABELS, 0.2);
    expect(known.expectedWrong).toBeCloseTo(4, 9);
    expect(known.rows.map(({ id }) => id)).toEqual(audit.rows.map(({ id }) => id));
    expect(known.noiseRates[0]! * 10 + known.noiseRates[1]! * 10).toBeCloseTo(4, 6);
    expect(known.noiseRates[2]).toBeNull();
    // No other class is suggested for the rest, however suspicious.
    expect(known.rows.filter(({ isSuspect }) => isSuspect).map(({ id }) => id)).toEqual(['wrong']);
  });

  it('is a table', () => {
    const lines = auditCsv(audit).trim().split('\r\n');
    expect(lines[0]).toBe('id,given,suggested,score,exclude,p_gt,p_nn,disagreed,looks');
    expect(lines[1]).toMatch(/^wrong,neutral,happiness,0\.\d+,yes,0\.02,0\.95,1,1$/);
    expect(lines[2]).toMatch(/^unclear,happiness,happiness,0\.\d+,no,0\.45,0\.45,0,1$/);
    expect(lines).toHaveLength(21);
  });

  it('of nothing is empty', () => {
    expect(auditLabels([], LABELS)).toMatchObject({ rows: [], expectedWrong: 0 });
  });
});

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
