import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grey, images } from '../../../../test/support/images.js';
import { blankLike } from '../../augment/pixel.js';
import type { PixelImage } from '../../augment/pixel.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { denseFlow } from './dense-flow.js';
import type { FacePose } from './face-path.js';
import { dissolve, morph, openMouth, renderFrame, speech } from './render-clip.js';

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

describe('render frame', () => {
  const STILL: FacePose = { right: 0, down: 0, scale: 1, turn: 0, brightness: 1 };
  const ALONE = { segment: 0, next: 0, share: 0 };
  const poses = fc.record({
    right: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    down: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    scale: fc.double({ min: 0.8, max: 1.25, noNaN: true }),
    turn: fc.double({ min: -20, max: 20, noNaN: true }),
    brightness: fc.double({ min: 0.7, max: 1.3, noNaN: true }),
  });

  /** A round spot of light on black, centred at (x, y). */
  function spot(x: number, y: number, width = 3): PixelImage {
    return grey(
      Array.from({ length: 41 }, (_, row) =>
        Array.from(
          { length: 41 },
          (__, column) => 200 * Math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * width ** 2)),
        ),
      ),
    );
  }

  /** Centre of light, and its spread. */
  function light({ data, width }: PixelImage): { x: number; y: number; spread: number } {
    const total = data.reduce((sum, value) => sum + value, 0);
    const mean = (of: (x: number, y: number) => number): number =>
      data.reduce((sum, value, i) => sum + value * of(i % width, Math.floor(i / width)), 0) / total;
    const [x, y] = [mean((column) => column), mean((_, row) => row)];
    return { x, y, spread: Math.sqrt(mean((column, row) => (column - x) ** 2 + (row - y) ** 2) / 2) };
  }

  it('leaves a face alone that does not move', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(renderFrame([image], ALONE, STILL)).toEqual(image);
      }),
    );
  });

  it('moves by parts of a pixel, turns clockwise, enlarges about the centre', () => {
    const moved = light(renderFrame([spot(20, 20)], ALONE, { ...STILL, right: 2.5 / 41, down: -1.25 / 41 }));
    expect(moved.x).toBeCloseTo(22.5, 2);
    expect(moved.y).toBeCloseTo(18.75, 2);
    // To the right of the centre, a clockwise turn leads down; then it moves on, unturned.
    const turned = light(renderFrame([spot(28, 20)], ALONE, { ...STILL, turn: 30, right: 2 / 41 }));
    expect(turned.x).toBeCloseTo(22 + 8 * Math.cos(Math.PI / 6), 1);
    expect(turned.y).toBeCloseTo(20 + 8 * Math.sin(Math.PI / 6), 1);
    const nearer = light(renderFrame([spot(24, 20, 2)], ALONE, { ...STILL, scale: 1.5 }));
    expect(nearer.x).toBeCloseTo(26, 1);
    expect(nearer.spread / 2).toBeCloseTo(1.5, 1);
  });

  it('dissolves by shares, and stays between the two faces', () => {
    expect([...dissolve(grey([[0, 100]]), grey([[200, 100]]), 0.25).data]).toEqual([50, 100]);
    const faces = [spot(10, 20), spot(30, 20)];
    const shown = renderFrame(faces, { segment: 0, next: 1, share: 0.25 }, STILL);
    expect(shown.data[20 * 41 + 10]).toBeCloseTo(150, 3);
    expect(shown.data[20 * 41 + 30]).toBeCloseTo(50, 3);
  });

  it('keeps values within 0..255 for any pose and share, and the faces unchanged', () => {
    fc.assert(
      fc.property(images, poses, fc.double({ min: 0, max: 1, noNaN: true }), (image, pose, share) => {
        const before = Float32Array.from(image.data);
        const shown = renderFrame([image, blankLike(image)], { segment: 0, next: 1, share }, pose);
        expect(image.data).toEqual(before);
        expect(shown.data).toHaveLength(image.data.length);
        expect(shown.data.every((value) => value >= 0 && value <= 255)).toBe(true);
      }),
    );
  });

  it('makes brighter and darker, up to white', () => {
    const face = grey([[100, 200]]);
    expect([...renderFrame([face], ALONE, { ...STILL, brightness: 0.5 }).data]).toEqual([50, 100]);
    expect([...renderFrame([face], ALONE, { ...STILL, brightness: 1.5 }).data]).toEqual([150, 255]);
  });
});

describe('speech', () => {
  it('moves the mouth in some clips, several times a second, and not in others', () => {
    const clips = Array.from({ length: 100 }, (_, seed) => speech(50, new SeededRandom(seed)));
    const speaking = clips.filter((opening) => opening.some((value) => value > 0));
    expect(speaking.length).toBeGreaterThan(25);
    expect(speaking.length).toBeLessThan(60);
    for (const opening of speaking) {
      const peaks = opening.filter((value, t) => t > 0 && value > opening[t - 1]! && value >= (opening[t + 1] ?? 0));
      expect(peaks.length).toBeGreaterThan(3);
      expect(peaks.length).toBeLessThan(26);
      expect(Math.max(...opening)).toBeLessThan(0.1);
    }
  });

  it('opens the mouth and leaves the eyes alone', () => {
    const rows = Array.from({ length: 48 }, (_, y) => Array.from({ length: 48 }, () => 5 * y));
    const closed = grey(rows);
    const open = openMouth(closed, 0.06);
    const change = (x: number, y: number): number => open.data[y * 48 + x]! - closed.data[y * 48 + x]!;
    expect(change(24, 39)).toBeLessThan(-5); // what was above is here now
    expect(Math.abs(change(24, 18))).toBeLessThan(0.1);
    expect(openMouth(closed, 0)).toBe(closed);
  });
});
