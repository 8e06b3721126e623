import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochHistory } from '../../../../test/support/epoch-history.js';
import { markdownResults, resultRows, spread } from './results-table.js';
import type { CellResult } from './run-grid.js';

const MEASURED = epochHistory(1)[0]!.validation!;

function cell(method: string, condition: string, seed: number, best: number, last: number): CellResult {
  const of = (accuracy: number): CellResult['best'] => ({
    ...MEASURED,
    accuracy,
    meanClassAccuracy: accuracy / 2,
    macroF1: accuracy / 4,
  });
  return {
    method,
    condition,
    seed,
    bestEpoch: 3,
    best: of(best),
    epochs: 5,
    last: of(last),
    trainAccuracy: 0.9,
    seconds: 1,
    settings: 'same',
  };
}

describe('the spread over seeds', () => {
  it('is the mean and the sample standard deviation', () => {
    expect(spread([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: expect.closeTo(Math.sqrt(5 / 3), 12) as number });
    expect(spread([0.7])).toEqual({ mean: 0.7, deviation: 0 });
  });

  it('moves with its values, and not at all where all are equal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        (values, shift) => {
          const [before, after] = [spread(values), spread(values.map((value) => value + shift))];
          expect(after.mean).toBeCloseTo(before.mean + shift, 9);
          expect(after.deviation).toBeCloseTo(before.deviation, 9);
          expect(spread(values.map(() => shift)).deviation).toBeCloseTo(0, 9);
        },
      ),
    );
  });
});

describe('the table', () => {
  const results = [
    cell('CE', 'clean', 1, 0.8, 0.7),
    cell('NLA', 'clean', 1, 0.9, 0.9),
    cell('CE', 'noisy', 1, 0.5, 0.4),
    cell('CE', 'clean', 2, 0.6, 0.5),
    cell('NLA', 'clean', 2, 0.9, 0.8),
  ];

  it('has a row for each method under each condition, condition by condition', () => {
    const rows = resultRows(results);
    expect(rows.map(({ condition, method, seeds }) => [condition, method, seeds])).toEqual([
      ['clean', 'CE', 2],
      ['clean', 'NLA', 2],
      ['noisy', 'CE', 1],
    ]);
    expect(rows[0]!.bestAccuracy.mean).toBeCloseTo(0.7, 12);
    expect(rows[0]!.lastMeanClassAccuracy.mean).toBeCloseTo(0.3, 12);
    expect(rows[1]!.lastAccuracy.deviation).toBeCloseTo(Math.sqrt(0.005), 12);
  });

  it('is written in percent', () => {
    const [head, rule, first] = markdownResults(resultRows(results)).split('\n');
    expect(head!.split('|')).toHaveLength(rule!.split('|').length);
    expect(first).toBe(
      '| clean | CE | 2 | 70.0 ± 14.1 | 60.0 ± 14.1 | 35.0 ± 7.1 | 30.0 ± 7.1 | 17.5 ± 3.5 | 15.0 ± 3.5 | 90.0 ± 0.0 |',
    );
  });

  it('bears a grid without any result', () => {
    expect(markdownResults(resultRows([])).split('\n')).toHaveLength(2);
  });
});
