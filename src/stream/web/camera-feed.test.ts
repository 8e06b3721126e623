import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace, sentSize } from './camera-feed.js';

it('sends a picture unchanged, or scaled down in proportion to 640 per side and the limit of the server', () => {
  expect(sentSize({ width: 640, height: 480 }, 1e6)).toEqual({ width: 640, height: 480 });
  expect(sentSize({ width: 1080, height: 1920 }, 1e6)).toEqual({ width: 360, height: 640 });
  const side = fc.integer({ min: 16, max: 4000 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: 10_000, max: 1_000_000 }), (width, height, pixels) => {
      const sent = sentSize({ width, height }, pixels);
      expect(Math.max(sent.width, sent.height)).toBeLessThanOrEqual(Math.min(640, Math.max(width, height)));
      expect(sent.width * sent.height).toBeLessThanOrEqual(pixels);
      const scale = Math.max(sent.width / width, sent.height / height);
      expect(Math.abs(sent.width - width * scale)).toBeLessThanOrEqual(1);
      expect(Math.abs(sent.height - height * scale)).toBeLessThanOrEqual(1);
    }),
  );
});

describe('pace', () => {
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
});
