import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pictureFilters, slotOf } from './picture-filters.js';
import { presentationTime } from './continuous-time.js';

function kept(rate: number, fps: number, seconds: number, round: (t: number) => number): number[] {
  const times = Array.from({ length: Math.floor(rate * seconds) }, (_, i) => round(i / rate));
  return times.filter((t, i) => i === 0 || slotOf(t, fps) > slotOf(times[i - 1]!, fps));
}
const toMilliseconds = (t: number): number => Math.round(t * 1000) / 1000;
const exact = (t: number): number => t;

describe('thinning to fps', () => {
  const rates = fc.constantFrom(12, 15, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60);

  it('keeps every frame at its own rate or above, also where the container rounds times to milliseconds', () => {
    fc.assert(
      fc.property(
        rates,
        fc.constantFrom(1, 1.5, 2, 10),
        fc.constantFrom(toMilliseconds, exact),
        (rate, more, round) => {
          expect(kept(rate, rate * more, 20, round)).toHaveLength(Math.floor(rate * 20));
        },
      ),
    );
  });

  // Just below the frame rate, rounded times put some pairs of frames into one slot and leave the next one empty.
  it('keeps fps frames a second well below that', () => {
    fc.assert(
      fc.property(
        rates,
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        fc.constantFrom(toMilliseconds, exact),
        (rate, part, round) => {
          const fps = rate * part;
          const count = kept(rate, fps, 20, round).length;
          expect(Math.abs(count - fps * 20)).toBeLessThanOrEqual(1.5);
        },
      ),
    );
  });

  it('keeps evenly spaced frames where the rates divide', () => {
    expect(kept(30, 10, 2, toMilliseconds).map((t) => Math.round(t * 30))).toEqual(
      Array.from({ length: 20 }, (_, i) => i * 3),
    );
  });
});

describe('pictureFilters', () => {
  const plain = { size: null, timed: true };

  it('leaves times unchanged by default', () => {
    expect(pictureFilters(plain)).not.toMatch(/select|trim/);
  });

  it('judges start and end by presentation time', () => {
    expect(pictureFilters({ ...plain, start: 1, end: 2 })).toContain(
      "trim=end=3,select='gte(t,0.9999995)*lt(t,1.9999995)'",
    );
  });
});

describe('the clock pictures travel on', () => {
  it('gives microseconds back, also before 0', () => {
    expect(presentationTime(1_000_033_367)).toBe(0.033367);
    expect(presentationTime(999_920_000)).toBe(-0.08);
    expect(presentationTime(1_000_000_000 + 86_400_123_456)).toBe(86_400.123456);
  });
});
