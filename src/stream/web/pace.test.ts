import { expect, it } from 'vitest';
import { Pace } from './pace.js';

/** Pictures taken in a second of a camera that has one every 10 ms. */
function taken(pace: Pace, from: number): number {
  return Array.from({ length: 100 }, (_, k) => pace.take(from + 10 * k)).filter(Boolean).length;
}

it('takes every picture while all meet the target', () => {
  const pace = new Pace();
  for (let k = 0; k < 100; k += 1) pace.shown(80);
  expect(taken(pace, 0)).toBe(100);
});

it('takes fewer when they are late, at least 15 per second, and more again afterwards', () => {
  const pace = new Pace();
  for (let k = 0; k < 1000; k += 1) pace.shown(300);
  expect(taken(pace, 0)).toBe(20);
  for (let k = 0; k < 1000; k += 1) pace.shown(50);
  expect(taken(pace, 2000)).toBe(100);
});

it('settles where one in twenty is late', () => {
  const pace = new Pace();
  for (let k = 0; k < 100; k += 1) pace.shown(300);
  const before = taken(pace, 0);
  for (let k = 0; k < 2000; k += 1) pace.shown(k % 20 === 0 ? 300 : 50);
  expect(Math.abs(taken(pace, 2000) - before)).toBeLessThanOrEqual(2);
});
