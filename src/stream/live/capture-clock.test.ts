import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureClock } from './capture-clock.js';

test('begins at 0 and follows the times of capture', () => {
  const clock = new CaptureClock();
  expect([5_000, 5_033, 5_066, 6_066].map((time) => clock.next(time))).toEqual([0, 0.033, 0.066, 1.066].map((time) => expect.closeTo(time, 9) as number));
});

test('goes on from where it was when the sender sets its clock back, or lets it stand', () => {
  const clock = new CaptureClock();
  expect([100, 200, 200, 50, 150].map((time) => clock.next(time))).toEqual([0, 0.1, 0.101, 0.102, 0.202].map((time) => expect.closeTo(time, 9) as number));
});

test('always goes forward, and keeps intervals that do', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { minLength: 2, maxLength: 50 }), (captured) => {
      const clock = new CaptureClock();
      const times = captured.map((time) => clock.next(time));
      for (let i = 1; i < times.length; i += 1) {
        expect(times[i]).toBeGreaterThan(times[i - 1]!);
        const elapsed = (captured[i]! - captured[i - 1]!) / 1000;
        if (elapsed >= 0.001) expect(times[i]! - times[i - 1]!).toBeCloseTo(elapsed, 4);
      }
    }),
  );
});
