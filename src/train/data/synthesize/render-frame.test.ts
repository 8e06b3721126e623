import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../../test/support/images.js';
import type { PixelImage } from '../../augment/pixel.js';
import { blankLike } from '../../augment/pixel.js';
import type { FacePose } from './face-path.js';
import { dissolve, renderFrame } from './render-frame.js';

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

it('keeps values within 0..255, whatever the pose and share, and the faces as they were', () => {
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
