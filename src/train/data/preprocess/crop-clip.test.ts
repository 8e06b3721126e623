import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mainFace } from './crop-clip.js';
import type { SeenFace } from './crop-clip.js';

function face(trackId: number, crop: number, more: Partial<SeenFace> = {}): SeenFace {
  return { trackId, tracklet: trackId, tentative: false, provisional: false, area: 100, crop, ...more };
}

it('is the person seen in most frames, then the larger one', () => {
  expect(mainFace([[face(1, 0)], [face(1, 1), face(2, 2, { area: 900 })], []])).toEqual([0, 1, null]);
  expect(mainFace([[face(1, 0), face(2, 1, { area: 900 })], []])).toEqual([1, null]);
  expect(mainFace([])).toEqual([]);
  expect(mainFace([[], []])).toEqual([null, null]);
});

it('counts a doubtful face from its beginning once it is confirmed, under the id it then has, and never if it is not', () => {
  const doubtful = { tentative: true, tracklet: 7 };
  expect(
    mainFace([
      [face(5, 0, doubtful)],
      [face(5, 1, doubtful)],
      [face(3, 2, { tracklet: 7 })],
      [face(3, 3, { tracklet: 8 })],
    ]),
  ).toEqual([0, 1, 2, 3]);
  expect(mainFace([[face(5, 0, doubtful)], [face(5, 1, doubtful)], [face(1, 2)]])).toEqual([null, null, 2]);
});

it('takes the sure one of two sightings of the same person', () => {
  const twins = [face(1, 0, { tentative: true, tracklet: 2 }), face(1, 1)];
  expect(mainFace([twins, [face(1, 2, { tracklet: 2 })]])).toEqual([1, 2]);
});

it('gives each frame its own crop or none, all of one person', () => {
  const seen = fc.record({
    trackId: fc.integer({ min: 1, max: 3 }),
    tracklet: fc.integer({ min: 1, max: 4 }),
    tentative: fc.boolean(),
    provisional: fc.constant(false),
    area: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(seen, { maxLength: 3 }), { maxLength: 8 }), (shapes) => {
      let crop = 0;
      const frames = shapes.map((faces) => faces.map((shape) => ({ ...shape, crop: crop++ })));
      const chosen = mainFace(frames);
      expect(chosen).toHaveLength(frames.length);
      const people = new Set<number>();
      for (const [at, own] of chosen.entries()) {
        if (own === null) continue;
        const found = frames[at]!.find((each) => each.crop === own)!;
        if (!found.tentative) people.add(found.trackId);
      }
      expect(people.size).toBeLessThanOrEqual(1);
      // Somebody sure is never passed over for nobody.
      if (frames.some((faces) => faces.some(({ tentative }) => !tentative)))
        expect(chosen.some((own) => own !== null)).toBe(true);
    }),
  );
});
