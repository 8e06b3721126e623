import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureClock } from './picture-stream.js';

test('starts at 0 and follows the capture times', () => {
  const clock = new CaptureClock();
  expect([5_000, 5_033, 5_066, 6_066].map((time) => clock.next(time))).toEqual(
    [0, 0.033, 0.066, 1.066].map((time) => expect.closeTo(time, 9) as number),
  );
});

test('continues when the clock of the sender is set back or stops', () => {
  const clock = new CaptureClock();
  expect([100, 200, 200, 50, 150].map((time) => clock.next(time))).toEqual(
    [0, 0.1, 0.101, 0.102, 0.202].map((time) => expect.closeTo(time, 9) as number),
  );
});

test('continues where the sender has no clock for a while', () => {
  const clock = new CaptureClock();
  expect([100, NaN, Infinity, 200].map((time) => clock.next(time))).toEqual(
    [0, 0.001, 0.002, 0.102].map((time) => expect.closeTo(time, 9) as number),
  );
});

test('counts a leap ahead as at most a day, and continues after it', () => {
  const clock = new CaptureClock();
  expect([0, 1e300, 1e300, 0, 40].map((time) => clock.next(time))).toEqual(
    [0, 86_400, 86_400.001, 86_400.002, 86_400.042].map((time) => expect.closeTo(time, 9) as number),
  );
});

test('is strictly increasing, and keeps intervals shorter than a day', () => {
  const times = fc.oneof(
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(times, { minLength: 2, maxLength: 50 }), (captured) => {
      const clock = new CaptureClock();
      const shown = captured.map((time) => clock.next(time));
      for (let i = 1; i < shown.length; i += 1) {
        const step = shown[i]! - shown[i - 1]!;
        const elapsed = (captured[i]! - captured[i - 1]!) / 1000;
        expect(step).toBeGreaterThan(0.0009);
        if (elapsed >= 0.001) expect(step).toBeCloseTo(Math.min(elapsed, 86_400), 4);
      }
    }),
  );
});
