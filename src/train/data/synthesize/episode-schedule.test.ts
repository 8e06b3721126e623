import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { episodeSchedule } from './episode-schedule.js';

it('goes from rest to apex and back without jumps', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 300 }), fc.integer(), (frames, seed) => {
      const mixes = episodeSchedule(frames, new SeededRandom(seed));
      expect(mixes).toHaveLength(frames);
      for (const [t, { segment, next, share }] of mixes.entries()) {
        expect(segment).toBe(0);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        const before = mixes[t - 1];
        if (before === undefined) continue;
        expect(Math.abs(share - before.share)).toBeLessThan(0.35);
        if (next !== before.next) expect(Math.max(share, before.share)).toBeLessThan(0.05);
      }
    }),
  );
});

it('shows rest and apex alike over many clips, and windows that begin in the middle of an episode', () => {
  const clips = Array.from({ length: 200 }, (_, seed) => episodeSchedule(32, new SeededRandom(seed)));
  const shares = clips.flat().map(({ share }) => share);
  const part = (test: (share: number) => boolean): number => shares.filter(test).length / shares.length;
  expect(part((share) => share === 0)).toBeGreaterThan(0.15);
  expect(part((share) => share > 0.5)).toBeGreaterThan(0.25);
  expect(clips.filter(([first]) => first!.share > 0.5).length).toBeGreaterThan(20);
});
