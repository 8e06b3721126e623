import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from './assignment.js';

/** The cost of the cheapest pairing of the whole shorter side, by exhaustive search. */
function cheapest(cost: readonly (readonly number[])[]): number {
  const rows = cost.length;
  const columns = cost[0]!.length;
  if (rows > columns) return cheapest(cost[0]!.map((_, column) => cost.map((row) => row[column]!)));
  const from = (row: number, used: ReadonlySet<number>): number => {
    if (row === rows) return 0;
    let best = Infinity;
    for (let column = 0; column < columns; column++) {
      if (!used.has(column)) best = Math.min(best, cost[row]![column]! + from(row + 1, new Set([...used, column])));
    }
    return best;
  };
  return from(0, new Set());
}

const matrix = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
  fc.array(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: columns, maxLength: columns }), {
    minLength: rows,
    maxLength: rows,
  }),
);

describe('assign', () => {
  it('costs as little as the best of all pairings', () => {
    fc.assert(
      fc.property(matrix, (cost) => {
        const pairs = assign(cost);
        expect(pairs).toHaveLength(Math.min(cost.length, cost[0]!.length));
        expect(new Set(pairs.map(([, column]) => column)).size).toBe(pairs.length);
        expect(pairs.reduce((sum, [row, column]) => sum + cost[row]![column]!, 0)).toBe(cheapest(cost));
      }),
    );
  });

  it('prefers the sum over the single best pair', () => {
    expect(
      assign([
        [1, 2],
        [1, 9],
      ]),
    ).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('never returns a forbidden pair', () => {
    expect(
      assign([
        [Infinity, 3],
        [Infinity, 1],
      ]),
    ).toEqual([[1, 1]]);
    expect(assign([[Infinity]])).toEqual([]);
  });

  it('returns no pairs without rows or columns', () => {
    expect(assign([])).toEqual([]);
    expect(assign([[], []])).toEqual([]);
  });
});
