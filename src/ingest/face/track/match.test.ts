import { describe, expect, it } from 'vitest';
import type { Detection } from '../detect/detector.js';
import { matchFaces } from './match.js';

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
