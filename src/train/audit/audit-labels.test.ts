import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditLabels, scoresWithMean } from './audit-labels.js';
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
