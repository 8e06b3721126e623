/*
 * The queue alone, on a redis-server of its own, with jobs that do nothing: npm run bench:archive-queue -- [jobs] [workers] [milliseconds]
 * [concurrency]. One process submits, others work at the same time; each job takes so many milliseconds of waiting. Prints throughput,
 * the queue's own time for a job, and the memory of Redis and of the submitter: npm run bench:archive-queue -- 1000000 is an archive of a
 * million inputs.
 */
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from 'bullmq';
import { KEY_PREFIX, QUEUE_NAME } from '../src/archive/queue/archive-job.js';
import type { Found } from '../src/archive/queue/queued-input.js';
import { loadBullMq, openQueue, redisOptions } from '../src/archive/queue/redis-connection.js';
import { submit } from '../src/archive/queue/submit.js';
import { stubRun } from '../test/archive/support/archive.js';

const PORT = 16_379;
const ADDRESS = `redis://127.0.0.1:${PORT}`;
const RESULT = { state: 'done', frames: 1, degraded: false, note: null, outputs: ['/out/archive/tapes/2026/recording.jsonl'], seconds: 1 }; // prettier-ignore

async function* inputs(count: number): AsyncGenerator<Found & { readonly type: 'input' }> {
  await Promise.resolve();
  for (let i = 0; i < count; i += 1) {
    const path = `/archive/tapes/2026/recording-${i}.mp4`;
    const output = `archive/tapes/2026/recording-${i}`;
    yield { type: 'input', input: { kind: 'file', path, name: path, output, version: '1' } };
  }
}

async function submitAll(count: number): Promise<void> {
  const archive = await openQueue(ADDRESS, console.warn);
  const began = performance.now();
  let full = 0;
  const onFull = (): void => {
    full += 1;
  };
  const { added } = await submit(archive, await stubRun('/out'), inputs(count), { onFull });
  const seconds = (performance.now() - began) / 1000;
  const { rss } = process.memoryUsage();
  console.log(`submitted ${added} in ${seconds.toFixed(0)} s (${(added / seconds).toFixed(0)} a second, waited for room ${full} times), submitter ${(rss / 1e6).toFixed(0)} MB`); // prettier-ignore
  await archive.close();
}

async function work(milliseconds: number, concurrency: number): Promise<void> {
  const { Worker } = await loadBullMq();
  const connection = redisOptions(ADDRESS) as ConnectionOptions;
  const job = async (): Promise<typeof RESULT> => {
    if (milliseconds > 0) await delay(milliseconds);
    return RESULT;
  };
  const worker = new Worker(QUEUE_NAME, job, { connection, prefix: KEY_PREFIX, concurrency, skipVersionCheck: true });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  process.send?.('ready');
}

async function main(count: number, workers: number, milliseconds: number, concurrency: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-queue-'));
  const settings = ['--port', String(PORT), '--dir', folder, '--appendonly', 'yes', '--save', ''];
  const redis = spawn('redis-server', settings, { stdio: 'ignore' });
  const children: ChildProcess[] = [];
  const start = (...args: string[]): ChildProcess => {
    const child = fork(fileURLToPath(import.meta.url), args);
    children.push(child);
    return child;
  };
  try {
    const archive = await openQueue(ADDRESS, console.warn);
    const memory = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await archive.redis.info('memory'))![1]); // prettier-ignore
    const before = await memory();
    const ready = Array.from({ length: workers }, () => once(start('work', String(milliseconds), String(concurrency)), 'message')); // prettier-ignore
    await Promise.all(ready);
    start('submit', String(count));
    while ((await archive.queue.getJobCountByTypes('completed', 'active')) === 0) await delay(10);
    const began = performance.now();
    let last = 0;
    for (;;) {
      const done = await archive.queue.getJobCountByTypes('completed');
      if (done >= count) break;
      const seconds = (performance.now() - began) / 1000;
      if (seconds - last > 60) {
        last = seconds;
        const waiting = await archive.queue.getJobCountByTypes('prioritized');
        console.log(`${seconds.toFixed(0)} s: ${done} done, ${waiting} wait, Redis ${((await memory()) / 1e6).toFixed(0)} MB`); // prettier-ignore
      }
      await delay(count > 10_000 ? 1_000 : 50);
    }
    const seconds = (performance.now() - began) / 1000;
    console.log(`${count} jobs, ${workers} workers: ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} a second, ${((1000 * seconds) / count).toFixed(2)} ms a job`); // prettier-ignore
    console.log(`Redis: ${(((await memory()) - before) / count).toFixed(0)} bytes for a finished job, failed ${await archive.queue.getFailedCount()}`); // prettier-ignore
    await archive.close();
  } finally {
    for (const child of children) child.kill('SIGKILL');
    redis.kill('SIGKILL');
    await delay(200);
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

const [first = '100000', ...rest] = process.argv.slice(2);
if (first === 'submit') await submitAll(Number(rest[0]));
else if (first === 'work') await work(Number(rest[0]), Number(rest[1]));
else await main(Number(first), Number(rest[0] ?? 1), Number(rest[1] ?? 0), Number(rest[2] ?? 64));
