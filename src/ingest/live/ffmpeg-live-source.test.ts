import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BACK_OFF, pauseAfter } from './ffmpeg-live-source.js';

it('pauses grow from the shortest to the longest, and never leave these bounds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const pause = pauseAfter(failures, BACK_OFF, chance);
      expect(pause).toBeGreaterThanOrEqual(BACK_OFF.shortest);
      expect(pause).toBeLessThanOrEqual(BACK_OFF.longest);
      expect(pauseAfter(failures + 1, BACK_OFF, chance)).toBeGreaterThanOrEqual(pause);
    }),
  );
  expect(pauseAfter(1, BACK_OFF, 0)).toBe(500);
  expect(pauseAfter(100, BACK_OFF, 1)).toBe(30_000);
});

it('chance makes a difference', () => {
  expect(pauseAfter(4, BACK_OFF, 0)).toBeLessThan(pauseAfter(4, BACK_OFF, 1));
});
