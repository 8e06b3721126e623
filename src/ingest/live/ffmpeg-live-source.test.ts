import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACK_OFF, LatestValue, pauseAfter } from './ffmpeg-live-source.js';

it('pauses grow from the shortest to the longest, and never leave these bounds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const pause = pauseAfter(failures, BACK_OFF, chance);
      expect(pause).toBeGreaterThanOrEqual(BACK_OFF.shortest);
      expect(pause).toBeLessThanOrEqual(BACK_OFF.longest);
      expect(pauseAfter(failures + 1, BACK_OFF, chance)).toBeGreaterThanOrEqual(pause);
    }),
  );
  expect(pauseAfter(1, BACK_OFF, 0)).toBe(500);
  expect(pauseAfter(100, BACK_OFF, 1)).toBe(30_000);
});

it('chance makes a difference', () => {
  expect(pauseAfter(4, BACK_OFF, 0)).toBeLessThan(pauseAfter(4, BACK_OFF, 1));
});

describe('latest value', () => {
  it('gives the newest value and counts what it replaced', async () => {
    const newest = new LatestValue<number>();
    for (const value of [1, 2, 3]) newest.put(value);
    expect(await newest.take()).toBe(3);
    expect(newest.dropped).toBe(2);
  });

  it('a waiting taker gets the next value at once', async () => {
    const newest = new LatestValue<number>();
    const taken = newest.take();
    newest.put(1);
    newest.put(2);
    expect(await taken).toBe(1);
    expect(await newest.take()).toBe(2);
    expect(newest.dropped).toBe(0);
  });

  it('closed, it gives what it still holds, then null, also to a waiting taker', async () => {
    const full = new LatestValue<number>();
    full.put(1);
    full.close();
    full.put(2);
    expect([await full.take(), await full.take()]).toEqual([1, null]);

    const empty = new LatestValue<number>();
    const taken = empty.take();
    empty.close();
    expect(await taken).toBeNull();
  });

  it('what is discarded counts as dropped', async () => {
    const newest = new LatestValue<number>();
    newest.put(1);
    newest.discard();
    newest.put(2);
    expect(await newest.take()).toBe(2);
    expect(newest.dropped).toBe(1);
  });
});
