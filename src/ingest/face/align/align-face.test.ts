import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseFrame, plainFrame } from '../../../../test/support/face-frames.js';
import { alignFace, cropToFrame } from './align-face.js';
import { type Similarity, applySimilarity } from './geometry.js';
import type { Point } from './geometry.js';

const GEOMETRY = { size: 64, channels: 1, eyes: { x: 0.5, y: 0.375 }, mouth: { x: 0.5, y: 0.75 } } as const;

/** 68 points with eyes and mouth at the places of the geometry, eyes 24 pixels apart. */
function templateLandmarks(): Point[] {
  return Array.from({ length: 68 }, (_, i) => {
    if (i >= 36 && i < 42) return { x: 20, y: 24 };
    if (i >= 42 && i < 48) return { x: 44, y: 24 };
    return i >= 48 ? { x: 32, y: 48 } : { x: 32, y: 30 };
  });
}

const similarity = fc
  .record({
    scale: fc.double({ min: 0.2, max: 8, noNaN: true }),
    angle: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
    tx: fc.double({ min: -400, max: 400, noNaN: true }),
    ty: fc.double({ min: -400, max: 400, noNaN: true }),
  })
  .map(({ scale, angle, tx, ty }): Similarity => ({ a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx, ty }));

describe('alignFace', () => {
  it('undoes rotation, scale and shift of a face', () => {
    fc.assert(
      fc.property(similarity, (truth) => {
        const found = cropToFrame(
          templateLandmarks().map((point) => applySimilarity(truth, point)),
          GEOMETRY,
        );
        for (const key of ['a', 'b', 'tx', 'ty'] as const) expect(found[key]).toBeCloseTo(truth[key], 4);
      }),
    );
  });

  it('keeps its scale when a turned head brings the eyes together', () => {
    const turned = templateLandmarks().map(({ x, y }) => ({ x: 32 + (x - 32) * 0.4, y }));
    const { a, b } = cropToFrame(turned, GEOMETRY);
    expect(a).toBeCloseTo(1, 6);
    expect(b).toBeCloseTo(0, 6);
  });

  it('copies the pixels of a face that is aligned already', () => {
    const frame = noiseFrame(64, 64, 1);
    const { data } = alignFace(frame, templateLandmarks(), { ...GEOMETRY, channels: 3 });
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - frame.data[i]!)), 0);
    expect(worst).toBeLessThan(1e-3);
  });

  it('gives Rec. 601 luma for a grey geometry', () => {
    const frame = {
      ...plainFrame(64, 64, () => 0),
      data: new Uint8Array(64 * 64 * 3).map((_, i) => [200, 100, 50][i % 3]!),
    };
    const { data } = alignFace(frame, templateLandmarks(), GEOMETRY);
    expect(data).toHaveLength(64 * 64);
    expect(data[700]).toBeCloseTo(0.299 * 200 + 0.587 * 100 + 0.114 * 50, 3);
  });

  it('repeats the edge beyond the frame', () => {
    const moved = templateLandmarks().map(({ x, y }) => ({ x: x - 1000, y }));
    const { data } = alignFace(
      plainFrame(64, 64, (x) => (x === 0 ? 90 : 200)),
      moved,
      GEOMETRY,
    );
    expect(Math.min(...data)).toBeCloseTo(90, 3);
    expect(Math.max(...data)).toBeCloseTo(90, 3);
  });

  it('averages when it shrinks: a fine pattern becomes its mean', () => {
    const frame = plainFrame(512, 512, (x, y) => ((x + y) % 2) * 255);
    const large = templateLandmarks().map(({ x, y }) => ({ x: x * 8, y: y * 8 }));
    const { data } = alignFace(frame, large, GEOMETRY);
    for (const value of data) expect(Math.abs(value - 127.5)).toBeLessThan(35);
  });
});
