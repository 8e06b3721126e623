import { Server } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import type { ArchiveQueue } from '../queue/redis-connection.js';
import { WorkerMonitor } from './worker-monitor.js';

let monitor: WorkerMonitor | null = null;
afterEach(() => {
  monitor?.close();
});

it('answers while Redis refuses commands because it loads its data', async () => {
  const loading = (): Promise<never> => Promise.reject(new Error('LOADING Redis is loading the dataset in memory'));
  const archive = { redis: { status: 'ready', info: loading }, queue: { getJobCounts: loading } };
  monitor = new WorkerMonitor(archive as unknown as ArchiveQueue);
  const address = `http://127.0.0.1:${await monitor.listen(0, '127.0.0.1')}`;
  const page = await fetch(address);
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('the queue does not answer')]);
  const metrics = await fetch(`${address}/metrics`);
  expect([metrics.status, await metrics.text()]).toEqual([
    200,
    expect.stringContaining('ferstream_worker_jobs_running'),
  ]);
});

it('survives a connection that cannot be accepted', async () => {
  const servers: Server[] = [];
  const listening = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args) {
    servers.push(this);
    listening.mockRestore();
    return this.listen(...(args as unknown as [number, string]));
  });
  const archive = { redis: { status: 'wait' } };
  monitor = new WorkerMonitor(archive as unknown as ArchiveQueue);
  await monitor.listen(0, '127.0.0.1');
  expect(servers[0]!.emit('error', new Error('accept EMFILE'))).toBe(true);
});
