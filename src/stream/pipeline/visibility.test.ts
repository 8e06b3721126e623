import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toGrey, PATCH_SIDE as SIDE } from '../../ingest/face/align/align-face.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import { appearanceOf } from './face-measures.js';
import { visibilityOf } from './visibility.js';

/** The 68 points of the mirrored face: which point of the face each one is. */
const MIRRORED = [
  ...Array.from({ length: 17 }, (_, i) => 16 - i),
  ...Array.from({ length: 10 }, (_, i) => 26 - i),
  ...[27, 28, 29, 30, 35, 34, 33, 32, 31],
  ...[45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],
  ...[54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55],
  ...[64, 63, 62, 61, 60, 67, 66, 65],
];

/** A face from the front, in units of its width; only what yaw is measured by is in its place. */
function face(jitter: readonly number[]): Point[] {
  const left = [0, 0.1, 0.3, 0.45];
  return MIRRORED.map((other, i) => {
    const isMiddle = other === i;
    const side = isMiddle ? 0 : i < other ? -1 : 1;
    const reach = i < 17 ? 1 : left[1 + (Math.min(i, other) % 3)]!;
    return { x: 100 + 60 * side * reach + jitter[i % jitter.length]!, y: 60 + i };
  });
}

describe('visibilityOf', () => {
  it('gives the mirrored face the opposite yaw', () => {
    const noise = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 68, maxLength: 68 });
    const pixels = fc.uint8Array({ minLength: SIDE * SIDE, maxLength: SIDE * SIDE });
    fc.assert(
      fc.property(noise, pixels, (jitter, grey) => {
        const landmarks = face(jitter);
        const flippedLandmarks = MIRRORED.map((i) => ({ x: 200 - landmarks[i]!.x, y: landmarks[i]!.y }));
        const patch = (at: (x: number, y: number) => number) => {
          const rgb = new Float32Array(SIDE * SIDE * 3);
          for (let y = 0; y < SIDE; y++)
            for (let x = 0; x < SIDE; x++) rgb.fill(grey[at(x, y)]!, (y * SIDE + x) * 3, (y * SIDE + x + 1) * 3);
          return { rgb, grey: toGrey(rgb) };
        };
        const seen = visibilityOf(
          appearanceOf(
            patch((x, y) => y * SIDE + x),
            landmarks,
          ),
        );
        const flipped = visibilityOf(
          appearanceOf(
            patch((x, y) => y * SIDE + SIDE - 1 - x),
            flippedLandmarks,
          ),
        );
        expect(flipped.yaw).toBeCloseTo(-seen.yaw, 3);
      }),
      { numRuns: 30 },
    );
  });
});
