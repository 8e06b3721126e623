import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitInto } from './canvas-fit.js';

const side = fc.integer({ min: 1, max: 4000 });
const size = fc.record({ width: side, height: side });

describe('fitInto', () => {
  it('puts a picture into the middle of its view, as large as fits', () => {
    expect(fitInto({ width: 640, height: 480 }, { width: 320, height: 320 })).toEqual({ scale: 0.5, x: 0, y: 40 });
    fc.assert(
      fc.property(size, size, (picture, view) => {
        const { scale, x, y } = fitInto(picture, view);
        expect(x * 2 + picture.width * scale).toBeCloseTo(view.width);
        expect(y * 2 + picture.height * scale).toBeCloseTo(view.height);
        expect(Math.min(x, y)).toBeGreaterThan(-1e-6);
        expect(Math.min(Math.abs(x), Math.abs(y))).toBeLessThan(1e-6);
      }),
    );
  });
});
