/*
 * The queue alone, on a real Redis, with jobs that do nothing: npm run bench:archive-queue -- <redis address> <jobs>. Prints the time to submit
 * and to process, and the memory that Redis takes for a thousand jobs. Uses the database of the address: take an empty one.
 */
import type { ConnectionOptions } from 'bullmq';
import { openQueue, loadBullMq, redisOptions } from '../src/archive/queue/redis-connection.js';
import { KEY_PREFIX, QUEUE_NAME } from '../src/archive/queue/archive-job.js';
import type { Found } from '../src/archive/queue/queued-input.js';
import { submit } from '../src/archive/queue/submit.js';
import { stubRun } from '../test/archive/support/archive.js';

const [address = 'redis://127.0.0.1:6379/1', jobs = '100000'] = process.argv.slice(2);
const count = Number(jobs);

async function* inputs(): AsyncGenerator<Found & { readonly type: 'input' }> {
  await Promise.resolve();
  for (let i = 0; i < count; i += 1) {
    const path = `/archive/tapes/2026/recording-${i}.mp4`;
    yield {
      type: 'input',
      input: { kind: 'file', path, name: path, output: `archive/tapes/2026/recording-${i}`, version: '1' },
    };
  }
}

const archive = await openQueue(address, console.warn);
const memory = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await archive.redis.info('memory'))![1]);
const before = await memory();
let began = performance.now();
await submit(archive, await stubRun('/out'), inputs(), { maxWaiting: Infinity });
const submitting = (performance.now() - began) / 1000;
const waiting = await memory();
const rss = process.memoryUsage().rss;
console.log(
  `submitted ${count} jobs in ${submitting.toFixed(1)} s (${(count / submitting).toFixed(0)} a second), submitter ${(rss / 1e6).toFixed(0)} MB`,
);
console.log(`Redis: ${((waiting - before) / count).toFixed(0)} bytes for a waiting job`);
const { Worker } = await loadBullMq();
began = performance.now();
const result = {
  state: 'done',
  frames: 1,
  degraded: false,
  note: null,
  outputs: ['/out/archive/tapes/2026/recording.jsonl'],
  seconds: 1,
};
const connection = redisOptions(address) as ConnectionOptions;
const worker = new Worker(QUEUE_NAME, () => Promise.resolve(result), {
  connection,
  prefix: KEY_PREFIX,
  concurrency: 64,
  skipVersionCheck: true,
});
while ((await archive.queue.getJobCountByTypes('completed')) < count)
  await new Promise((resolve) => setTimeout(resolve, 250));
const processing = (performance.now() - began) / 1000;
console.log(`processed in ${processing.toFixed(1)} s (${((1000 * processing) / count).toFixed(2)} ms a job)`);
console.log(`Redis: ${(((await memory()) - before) / count).toFixed(0)} bytes for a finished job`);
await worker.close();
await archive.queue.obliterate({ force: true });
await archive.close();
