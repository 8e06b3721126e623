import { expect, it } from 'vitest';
import { RateMeter } from './rate-meter.js';

it('counts the last four seconds, or the time since it began', () => {
  let time = 0;
  const meter = new RateMeter(() => time);
  expect(meter.perSecond()).toBe(0);
  for (time = 100; time <= 2000; time += 100) meter.add();
  time = 2000;
  expect(meter.perSecond()).toBe(10);
  time = 4000;
  expect(meter.perSecond()).toBe(5);
  time = 5050;
  expect(meter.perSecond()).toBe(10 / 4);
  time = 9000;
  expect(meter.perSecond()).toBe(0);
});
