import { describe, expect, it } from 'vitest';
import type { Detection } from './detector.js';
import { mergeOverlapping } from './detector.js';

function detection(x: number, y: number, side: number, score: number): Detection {
  return { box: { x, y, width: side, height: side }, score, keypoints: [{ x, y }], roll: 0 };
}

describe('mergeOverlapping', () => {
  it('averages overlapping boxes, weighted by score, and keeps the best score', () => {
    const [merged, ...others] = mergeOverlapping([detection(0, 0, 100, 0.6), detection(10, 0, 100, 0.3)], 0.3);
    expect(others).toEqual([]);
    expect(merged!.score).toBe(0.6);
    expect(merged!.box.x).toBeCloseTo(10 / 3);
    expect(merged!.keypoints![0]!.x).toBeCloseTo(10 / 3);
  });

  it('keeps separate faces, best first', () => {
    expect(
      mergeOverlapping([detection(0, 0, 50, 0.5), detection(200, 0, 50, 0.9)], 0.3).map(({ score }) => score),
    ).toEqual([0.9, 0.5]);
  });

  it('drops a box nested in a better one, without averaging it in', () => {
    const merged = mergeOverlapping([detection(0, 0, 100, 0.9), detection(60, 60, 30, 0.8)], 0.3);
    expect(merged).toHaveLength(1);
    expect(merged[0]!.box.width).toBeCloseTo(100);
  });
});
