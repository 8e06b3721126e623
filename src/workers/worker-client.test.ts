import { afterEach, expect, test } from 'vitest';
import { builtModule } from '../../test/support/built-file.js';
import type { EchoApi } from '../../test/support/echo-worker.js';
import { FerError } from '../errors/fer-error.js';
import { WorkerClient, ownBuffer } from './worker-client.js';

const module = builtModule('test/support/echo-worker.ts');
const started: WorkerClient<string, EchoApi>[] = [];

async function start(greeting: string, onDeath?: (error: FerError) => void): Promise<WorkerClient<string, EchoApi>> {
  const client = await WorkerClient.start<string, EchoApi>({
    module,
    name: 'echo',
    setup: { greeting },
    failure: (reason) => new FerError('WORKER_FAILED', `the echo failed: ${reason}`),
    ...(onDeath === undefined ? {} : { onDeath }),
  });
  started.push(client);
  return client;
}

afterEach(() => Promise.all(started.splice(0).map((client) => client.end())));

test('every request gets its own answer, in order, and errors keep their code', async () => {
  const client = await start('hello');
  expect(client.ready).toBe('hello');
  const answered: string[] = [];
  const keep = (text: string): number => answered.push(text);
  await Promise.all([
    client.call('echo', 'a').then(keep),
    client
      .call('refuse', 'no')
      .catch((error: unknown) => keep(`${(error as FerError).code} ${(error as FerError).message}`)),
    client.call('echo', 'aaaa').then(keep),
  ]);
  expect(answered).toEqual(['a', 'USAGE no', 'aaaa']);
});

test('buffers are moved both ways when a view has them to itself, else copied', async () => {
  const client = await start('hello');
  const own = Float32Array.of(1, 2);
  expect(await client.call('double', own, ownBuffer(own))).toEqual(Float32Array.of(2, 4));
  expect(own).toHaveLength(0);
  const part = Float32Array.of(1, 2, 3).subarray(1);
  expect(await client.call('double', part, ownBuffer(part))).toEqual(Float32Array.of(4, 6));
  expect(part).toHaveLength(2);
});

test('a thread that ends rejects open and later requests, and tells its owner once', async () => {
  const deaths: string[] = [];
  const client = await start('hello', ({ message }) => deaths.push(message));
  const died = { code: 'WORKER_FAILED', message: 'the echo failed: it ended with code 7' };
  await expect(client.call('exit', 7)).rejects.toMatchObject(died);
  await expect(client.call('echo', 'a')).rejects.toMatchObject(died);
  expect(client.isAlive).toBe(false);
  expect(deaths).toEqual([died.message]);
});

test('an error in a request without an answer ends the thread', async () => {
  const client = await start('hello');
  client.post('refuse', 'out of order');
  await expect(client.call('echo', 'a')).rejects.toMatchObject({ message: 'the echo failed: out of order' });
});

test('a request that cannot be cloned is rejected, and the next one is answered', async () => {
  const client = await start('hello');
  await expect(client.call('echo', (() => 'a') as unknown as string)).rejects.toThrow(/could not be cloned/);
  expect(await client.call('echo', 'b')).toBe('b');
});

test('a thread that cannot start rejects with its error; one that is stopped does not report a death', async () => {
  await expect(start('')).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: 'the greeting is empty' });
  const deaths: string[] = [];
  const client = await start('hello', ({ message }) => deaths.push(message));
  const open = expect(client.call('echo', 'a')).rejects.toMatchObject({ message: 'the echo failed: it was stopped' });
  await client.end();
  await open;
  expect(deaths).toEqual([]);
});
