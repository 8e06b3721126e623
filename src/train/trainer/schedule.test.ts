import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleFactor } from './schedule.js';
import type { Schedule } from './schedule.js';

const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constant({ name: 'constant' } as const),
  fc.record({ name: fc.constant('exponential' as const), decay: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  fc.record({ name: fc.constant('cosine' as const), last: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ name: fc.constant('one-cycle' as const), rise: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

describe('a schedule of the learning rate', () => {
  it('has the values it is known for', () => {
    const cosine = { name: 'cosine', last: 0.1 } as const;
    expect([0, 5, 10].map((epoch) => scheduleFactor(cosine, epoch, 10))).toEqual([
      1,
      expect.closeTo(0.55, 10),
      expect.closeTo(0.1, 10),
    ]);
    const exponential = { name: 'exponential', decay: 0.5 } as const;
    expect([0, 0.9, 1, 2.5, 3].map((epoch) => scheduleFactor(exponential, epoch, 10))).toEqual([
      1, 1, 0.5, 0.25, 0.125,
    ]);
    const oneCycle = { name: 'one-cycle', rise: 0.3 } as const;
    expect([0, 3, 6.5, 10].map((epoch) => scheduleFactor(oneCycle, epoch, 10))).toEqual([
      expect.closeTo(0.04, 10),
      1,
      expect.closeTo(0.5, 10),
      1e-4,
    ]);
    expect(scheduleFactor({ name: 'constant' }, 7, 10)).toBe(1);
  });

  it('warms up in a straight line, then begins', () => {
    const cosine = { name: 'cosine', last: 0 } as const;
    expect([0, 1, 2, 6, 10].map((epoch) => scheduleFactor(cosine, epoch, 10, 2))).toEqual([
      1e-3,
      0.5,
      1,
      expect.closeTo(0.5, 10),
      expect.closeTo(0, 10),
    ]);
  });

  it('may rise to the very end', () => {
    expect([0, 5, 10].map((epoch) => scheduleFactor({ name: 'one-cycle', rise: 1 }, epoch, 10))).toEqual([
      expect.closeTo(0.04, 10),
      expect.closeTo(0.52, 10),
      1,
    ]);
  });

  it('stays between 0 and 1 at every moment of every training', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (schedule, epochs, share, warmUp) => {
          const factor = scheduleFactor(schedule, share * epochs, epochs, warmUp);
          expect(factor).toBeGreaterThanOrEqual(0);
          expect(factor).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
    );
  });

  it('rises to its top and from there never again', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 0, max: 5 }),
        (schedule, epochs, warmUp) => {
          const factors = Array.from({ length: epochs * 4 + 1 }, (_, i) =>
            scheduleFactor(schedule, i / 4, epochs, warmUp),
          );
          const top = factors.indexOf(Math.max(...factors));
          factors.forEach((factor, i) => {
            if (i === 0) return;
            if (i <= top) expect(factor).toBeGreaterThanOrEqual(factors[i - 1]! - 1e-12);
            else expect(factor).toBeLessThanOrEqual(factors[i - 1]! + 1e-12);
          });
        },
      ),
    );
  });
});
