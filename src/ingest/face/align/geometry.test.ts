import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applySimilarity, fitSimilarity, scaleOf, squareToFrame } from './geometry.js';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const similarity = fc
  .record({
    scale: fc.double({ min: 0.1, max: 10, noNaN: true }),
    angle: fc.double({ min: -3, max: 3, noNaN: true }),
    tx: coordinate,
    ty: coordinate,
  })
  .map(({ scale, angle, tx, ty }) => ({ a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx, ty }));
const POINTS = [
  { x: 0, y: 0 },
  { x: 10, y: 1 },
  { x: 4, y: 12 },
];

describe('similarity', () => {
  it('fits the transform that moved the points', () => {
    fc.assert(
      fc.property(similarity, (truth) => {
        const fitted = fitSimilarity(
          POINTS,
          POINTS.map((point) => applySimilarity(truth, point)),
        );
        expect(fitted.a).toBeCloseTo(truth.a, 6);
        expect(fitted.b).toBeCloseTo(truth.b, 6);
        expect(fitted.tx).toBeCloseTo(truth.tx, 4);
        expect(fitted.ty).toBeCloseTo(truth.ty, 4);
      }),
    );
  });

  it('takes a square to the requested center, side and angle', () => {
    const window = squareToFrame(112, { x: 300, y: 200 }, 56, 0.3);
    const middle = applySimilarity(window, { x: 56, y: 56 });
    expect(middle.x).toBeCloseTo(300);
    expect(middle.y).toBeCloseTo(200);
    expect(scaleOf(window)).toBeCloseTo(0.5);
    expect(Math.atan2(window.b, window.a)).toBeCloseTo(0.3);
  });
});
