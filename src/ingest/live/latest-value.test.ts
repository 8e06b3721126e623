import { expect, it } from 'vitest';
import { LatestValue } from './latest-value.js';

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
