import { expect, it } from 'vitest';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { cropFlaw, fineDetailOf } from './sample-row.js';

const geometry = { ...DEFAULT_CROP, size: 48, channels: 1 } as const;
const picture = { width: 100, height: 100 };

/** Points of a face between these heights, nose at 27 to 35, eyes to 47, mouth to 67. */
function face(top: number, bottom: number) {
  const landmarks = Array.from({ length: 68 }, (_, i) => {
    const share = i < 36 ? 0.5 : i < 48 ? 0.2 : 0.8;
    return { x: 30 + ((i * 7) % 40), y: top + share * (bottom - top) };
  });
  return { landmarks, box: { x: 20, y: 10, width: 60, height: 80 } };
}

/** Stripes this many pixels wide, of soft edges where they are wide. */
function stripes(width: number): Uint8Array {
  return Uint8Array.from({ length: 48 * 48 }, (_, i) => 128 + 100 * Math.sin((Math.PI * (i % 48)) / width));
}

it('a whole face, sharp, has no flaw', () => {
  expect(cropFlaw(face(10, 90), picture, stripes(3), geometry)).toBeNull();
  // Points are not exact: a little beyond the edge is nothing.
  expect(cropFlaw(face(-10, 90), picture, stripes(3), geometry)).toBeNull();
});

it('a face whose eyes or mouth are beyond the edge is cut off', () => {
  expect(cropFlaw(face(-60, 80), picture, stripes(3), geometry)).toBe('cut off');
  expect(cropFlaw(face(40, 190), picture, stripes(3), geometry)).toBe('cut off');
});

it('a face whose detected box is beyond the edge is cut off, wherever its points are', () => {
  const { landmarks } = face(10, 90);
  const at = (y: number) =>
    cropFlaw({ landmarks, box: { x: 20, y, width: 60, height: 80 } }, picture, stripes(3), geometry);
  expect(at(-12)).toBeNull();
  expect(at(-24)).toBe('cut off');
  expect(at(44)).toBe('cut off');
});

it('a face without detail is blurred, at any size and in colour', () => {
  expect(cropFlaw(face(10, 90), picture, stripes(24), geometry)).toBe('blurred');
  const large = { ...geometry, size: 96, channels: 3 } as const;
  const small = stripes(3);
  const enlarged = Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => {
    const [x, y] = [Math.floor((Math.floor(i / 3) % 96) / 2), Math.floor(Math.floor(i / 3) / 96 / 2)];
    return small[y * 48 + x]!;
  });
  expect(fineDetailOf(enlarged, large)).toBeCloseTo(fineDetailOf(stripes(3), geometry), 1);
});
