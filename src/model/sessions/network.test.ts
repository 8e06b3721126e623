import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { allOrNone } from './network.js';

it('gives all that loaded; when one fails, the others are disposed, also those that load later', async () => {
  const [early, late] = [{ dispose: vi.fn() }, { dispose: vi.fn() }];
  expect(await allOrNone([Promise.resolve(early), Promise.resolve(null)])).toEqual([early, null]);
  expect(early.dispose).not.toHaveBeenCalled();

  const failed = new Error('no weights');
  const loading = [Promise.resolve(early), Promise.reject(failed), setImmediate(late), Promise.resolve(null)] as const;
  await expect(allOrNone(loading)).rejects.toBe(failed);
  expect(early.dispose).toHaveBeenCalledTimes(1);
  expect(late.dispose).toHaveBeenCalledTimes(1);
});
