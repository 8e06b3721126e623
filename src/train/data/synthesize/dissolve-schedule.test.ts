import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { dissolveSchedule, mainSegment, mainShare, mixes } from './dissolve-schedule.js';

const schedules = fc
  .record({ seed: fc.integer(), frames: fc.integer({ min: 8, max: 150 }) })
  .map(({ seed, frames }) => dissolveSchedule(frames, new SeededRandom(seed)));

it('mixes four frames of a dissolve by 1/8, 3/8, 5/8, 7/8', () => {
  const shown = mixes({ frames: 8, starts: [0, 4], dissolves: [0, 4] });
  expect(shown.map(({ segment, next, share }) => [segment, next, share])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 1, 0.125],
    [0, 1, 0.375],
    [0, 1, 0.625],
    [0, 1, 0.875],
    [1, 1, 0],
    [1, 1, 0],
  ]);
  expect(shown.map(mainSegment)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(shown.map(mainShare)).toEqual([1, 1, 0.875, 0.625, 0.625, 0.875, 1, 1]);
});

describe('any schedule', () => {
  it('has segments of four frames or more, one for every 8 to 16 frames, two at least', () => {
    fc.assert(
      fc.property(schedules, ({ frames, starts }) => {
        expect(starts[0]).toBe(0);
        [...starts, frames].slice(1).forEach((end, k) => {
          expect(end - starts[k]!).toBeGreaterThanOrEqual(4);
        });
        expect(starts.length).toBeGreaterThanOrEqual(Math.max(2, frames / 16));
        expect(starts.length).toBeLessThanOrEqual(Math.max(2, Math.ceil(frames / 8)));
      }),
    );
  });

  it('shows the segment a frame is in with the larger share: the label switches at half, and never at exactly half', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const segmentAt = (t: number): number => schedule.starts.filter((start) => start <= t).length - 1;
        const shown = mixes(schedule);
        expect(shown.map(mainSegment)).toEqual(shown.map((_, t) => segmentAt(t)));
        for (const mix of shown) {
          expect(mainShare(mix)).toBeGreaterThan(0.5);
          expect(mainShare(mix)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('dissolves over as many frames as it says, 4 to 12, growing evenly, two faces at a time', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const shown = mixes(schedule);
        schedule.dissolves.forEach((length, k) => {
          const shares = shown.filter(({ next, share }) => next === k && share > 0).map(({ share }) => share);
          expect(shares).toHaveLength(length);
          shares.forEach((share, i) => {
            expect(share).toBeCloseTo((i + 0.5) / length, 12);
          });
          if (k > 0) expect([4, 6, 8, 10, 12]).toContain(length);
        });
      }),
    );
  });
});

it('refuses clips without room for a dissolve', () => {
  expect(() => dissolveSchedule(7, new SeededRandom(1))).toThrow(/7 frames leave no room.*give 8 or more/);
  expect(() => dissolveSchedule(8.5, new SeededRandom(1))).toThrow();
});
