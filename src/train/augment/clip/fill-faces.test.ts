import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillFaces, nearestFaces } from './fill-faces.js';

it('takes the nearest frame with a face, the earlier of two', () => {
  expect(nearestFaces([false, false, true, false, false, false, true, false])).toEqual([2, 2, 2, 2, 2, 6, 6, 6]);
});

it('finds what a search over all frames finds', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (hasFace) => {
      const nearest = nearestFaces(hasFace);
      if (!hasFace.includes(true)) {
        expect(nearest).toBeNull();
        return;
      }
      expect(nearest).toHaveLength(hasFace.length);
      const distances = hasFace.map((_, index) =>
        Math.min(...hasFace.flatMap((has, other) => (has ? [Math.abs(other - index)] : []))),
      );
      expect(nearest!.map((from, index) => Math.abs(from - index))).toEqual(distances);
      expect(nearest!.every((from) => hasFace[from])).toBe(true);
      expect(nearest).toEqual([...nearest!].sort((a, b) => a - b));
    }),
  );
});

it('fills picture and label, keeps a missing label of a frame with a face, and skips a clip without any', () => {
  const clip = { frames: ['a', 'b', 'c', 'd'], labels: [3, 4, -1, 5], hasFace: [false, true, true, false] };
  expect(fillFaces(clip)).toEqual({
    frames: ['b', 'b', 'c', 'c'],
    labels: [4, 4, -1, -1],
    hasFace: [true, true, true, true],
  });
  expect(fillFaces({ ...clip, hasFace: [false, false, false, false] })).toBeNull();
});
