import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grey } from '../../../../test/support/images.js';
import type { PixelImage } from '../../augment/pixel.js';
import { denseFlow } from './dense-flow.js';
import { morph } from './morph.js';

const SIDE = 48;

/** A face of sorts: two dark eyes and a mouth whose corners lie `smile` pixels above its middle. */
function face(smile: number, light = 1): PixelImage {
  return grey(
    Array.from({ length: SIDE }, (_, y) =>
      Array.from({ length: SIDE }, (__, x) => {
        const spot = (cx: number, cy: number, r: number): number =>
          Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r));
        const mouth = Math.exp(-((y - 37 + (smile * (x - 24) ** 2) / 100) ** 2) / 4) * (Math.abs(x - 24) < 11 ? 1 : 0);
        return light * (170 - 120 * spot(15, 18, 3) - 120 * spot(33, 18, 3) - 110 * mouth);
      }),
    ),
  );
}

/** Row of the darkest pixel of the lower half in a column. */
function mouthRow({ data }: PixelImage, column: number): number {
  const rows = Array.from({ length: 20 }, (_, k) => 27 + k);
  return rows.reduce((best, row) => (data[row * SIDE + column]! < data[best * SIDE + column]! ? row : best), 27);
}

describe('the flow between two faces', () => {
  it('follows what moved, and leaves alone what did not', () => {
    const { down } = denseFlow(face(0), face(4));
    const corner = 37 * SIDE + 15;
    expect(down[corner]).toBeLessThan(-1.5); // up by about 3
    expect(Math.abs(down[18 * SIDE + 15]!)).toBeLessThan(0.7);
  });

  it('is nothing between a picture and itself in another light', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.6, max: 1.4, noNaN: true }), (light) => {
        const { right, down } = denseFlow(face(2), face(2, light));
        expect(Math.max(...right.map(Math.abs), ...down.map(Math.abs))).toBeLessThan(0.05);
      }),
      { numRuns: 8 },
    );
  });
});

describe('a morph', () => {
  it('begins and ends with the pictures themselves', () => {
    const [from, to] = [face(0), face(4)];
    const between = morph(from, to);
    expect(between(0)).toBe(from);
    expect(between(1)).toBe(to);
  });

  it('moves the corners of the mouth step by step, with one mouth on the way', () => {
    const between = morph(face(0), face(5));
    const rows = [0, 0.25, 0.5, 0.75, 1].map((share) => mouthRow(between(share), 16));
    for (const [k, row] of rows.entries()) if (k > 0) expect(row).toBeLessThanOrEqual(rows[k - 1]!);
    expect(rows[2]).toBeLessThan(rows[0]!);
    expect(rows[2]).toBeGreaterThan(rows[4]!);
  });
});
