import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from '../detect/detector.js';
import { assign, matchFaces } from './match.js';

const box = (x: number, size = 100) => ({ x, y: 0, width: size, height: size });
const expected = (x: number, unseen = 0.04) => ({ box: box(x), unseen });
const detected = (x: number, score = 0.9, size = 100): Detection => ({
  box: box(x, size),
  score,
  keypoints: null,
  roll: 0,
});

describe('matchFaces', () => {
  it('matches each face with the detection nearest to its expected place', () => {
    expect(matchFaces([expected(0), expected(300)], [detected(310), detected(5)], 0.5).pairs).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('finds the assignment that is best as a whole', () => {
    // The first face is nearer to the second detection too, but the second face has no other.
    expect(matchFaces([expected(0), expected(60)], [detected(-35), detected(25)], 0.5).pairs).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('lets a weak detection continue a face, but never replace a strong one', () => {
    expect(matchFaces([expected(0)], [detected(0, 0.42)], 0.5).pairs).toEqual([[0, 0]]);
    const { pairs, unexpected } = matchFaces([expected(0)], [detected(0, 0.42), detected(20, 0.8)], 0.5);
    expect(pairs).toEqual([[0, 1]]);
    expect(unexpected).toEqual([0]);
  });

  it('does not match faces that are too far apart or differ too much in size', () => {
    expect(matchFaces([expected(0)], [detected(120)], 0.5)).toEqual({ pairs: [], missing: [0], unexpected: [0] });
    expect(matchFaces([expected(0)], [detected(0, 0.9, 40)], 0.5).pairs).toEqual([]);
  });

  it('searches farther for a face unseen for longer', () => {
    expect(matchFaces([expected(0, 0.4)], [detected(120)], 0.5).pairs).toEqual([[0, 0]]);
  });
});

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
