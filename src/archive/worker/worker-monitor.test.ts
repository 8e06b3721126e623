import { afterEach, expect, it } from 'vitest';
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
