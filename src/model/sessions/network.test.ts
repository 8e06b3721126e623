import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { allOrNone, disposable } from './network.js';

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

it('is disposed once, however often that is asked for, and refuses to run afterwards', async () => {
  const inner = { run: vi.fn().mockResolvedValue([]), dispose: vi.fn() };
  const session = disposable('BlazeFace', inner);
  expect(await session.run([])).toEqual([]);
  session.dispose();
  session.dispose();
  expect(inner.dispose).toHaveBeenCalledTimes(1);
  await expect(session.run([])).rejects.toMatchObject({
    code: 'USAGE',
    message: 'BlazeFace is used after dispose(): dispose networks after their last use',
  });
  expect(inner.run).toHaveBeenCalledTimes(1);
});
