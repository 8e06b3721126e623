import { expect, test } from 'vitest';
import { LoadMeter } from './load-meter.js';

test('tells the share of time at work, what is under way included', () => {
  const meter = new LoadMeter(0);
  expect(meter.share(0)).toBe(0);
  expect(meter.share(1_000)).toBe(0);
  meter.start(1_000);
  expect(meter.share(2_000)).toBeCloseTo(0.5);
  meter.stop(2_000);
  expect(meter.share(4_000)).toBeCloseTo(0.25);
});

test('forgets what was longer ago than five seconds', () => {
  const meter = new LoadMeter(0);
  meter.start(0);
  meter.stop(6_000);
  expect(meter.share(6_000)).toBe(1);
  expect(meter.share(8_500)).toBeCloseTo(0.5);
  expect(meter.share(11_000)).toBe(0);
});

test('holds no more than those seconds have room for', () => {
  const meter = new LoadMeter(0);
  for (let now = 0; now < 100_000; now += 10) {
    meter.start(now);
    meter.stop(now + 5);
  }
  expect(meter.share(100_000)).toBeCloseTo(0.5, 2);
  expect((meter as unknown as { done: unknown[] }).done.length).toBeLessThanOrEqual(501);
});
