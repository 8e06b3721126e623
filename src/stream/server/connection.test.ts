import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBucket } from './connection.js';

it('allows a burst, then the rate', () => {
  let time = 0;
  const bucket = new TokenBucket(10, 5, () => time);
  const taken = (): number => Array.from({ length: 100 }, () => bucket.take()).filter(Boolean).length;
  expect(taken()).toBe(5);
  time = 299;
  expect(taken()).toBe(2);
  time = 310;
  expect(taken()).toBe(1);
  time = 60_000;
  expect(taken()).toBe(5);
});

it('never allows more than burst and rate, for any arrival times', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 300 }),
      (rate, burst, pauses) => {
        let time = 0;
        const bucket = new TokenBucket(rate, burst, () => time);
        let taken = 0;
        for (const pause of pauses) {
          time += pause;
          if (bucket.take()) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(burst + (time / 1000) * rate + 1e-6);
      },
    ),
  );
});
