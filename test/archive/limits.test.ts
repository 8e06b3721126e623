import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Found } from '../../src/archive/queue/queued-input.js';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../src/archive/queue/redis-connection.js';
import { submit } from '../../src/archive/queue/submit.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/worker-event.js';
import { WorkerMonitor } from '../../src/archive/worker/worker-monitor.js';
import { temporaryFolder } from '../ingest/support/clips.js';
import { builtFile } from '../support/built-file.js';
import { callFer } from '../support/call-fer.js';
import { runFer } from '../support/run-fer.js';
import { closeArchive, endOf, openEmptyQueue, stubRun, submitPaths, writeInputs } from './support/archive.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';
import { STUB } from './support/stub.js';

if (!HAS_REDIS) console.warn('SKIPPED: tests of priorities, limits and monitoring need redis-server');

describe.skipIf(!HAS_REDIS)('many inputs', { timeout: 240_000 }, () => {
  const folder = temporaryFolder();
  let redis: TestRedis;
  let archive: ArchiveQueue;
  let worker: ArchiveWorker | null = null;

  beforeAll(async () => {
    redis = await TestRedis.start(folder);
  });
  afterAll(() => redis.kill());
  beforeEach(async () => {
    worker = null;
    archive = await openEmptyQueue(redis);
  });
  afterEach(() => closeArchive(archive, worker));

  const work = async (concurrency: number, onEvent: (event: WorkerEvent) => void): Promise<void> => {
    worker = await ArchiveWorker.start(archive, redis.address, { concurrency, processModule: STUB, onEvent });
  };

  it('are done by priority, and in order within one', async () => {
    const paths = await writeInputs(join(folder, 'a'), ['later1', 'later2', 'first']);
    const run = await stubRun(join(folder, 'a-out'));
    const later = await submitPaths(archive, run, paths.slice(0, 2));
    const first = await submitPaths(archive, run, paths.slice(2), { priority: 1 });
    const started: string[] = [];
    await work(1, (event) => event.event === 'job-started' && started.push(event.input.replace(/.*\//, '')));
    await endOf(archive, later);
    await endOf(archive, first);
    expect(started).toEqual(['first.mp4', 'later1.mp4', 'later2.mp4']);
  });

  it('are submitted no faster than workers take them', async () => {
    const inputs = async function* (): AsyncGenerator<Found & { readonly type: 'input' }> {
      await Promise.resolve();
      for (let i = 0; i < 1_100; i += 1) {
        const path = `/tapes/${i}.mp4`;
        yield { type: 'input', input: { kind: 'file', path, name: path, output: String(i), version: '' } };
      }
    };
    const waiting: number[] = [];
    const submitted = await submit(archive, await stubRun(join(folder, 'b-out')), inputs(), {
      maxWaiting: 500,
      onFull: (count) => {
        waiting.push(count);
        void archive.queue.drain();
      },
    });
    // Twice it was full, and went on only when there was room.
    expect(waiting).toEqual([500, 500]);
    expect(submitted.added).toBe(1_100);
    expect(await archive.queue.getJobCountByTypes('prioritized')).toBe(100);
  });

  it('are all done, each once, when the submitter is killed and started again', async () => {
    Object.assign(process.env, { STUB_FRAMES: '1', STUB_MS: '0' });
    // The first 500 are sent together; the others are still to come when the submitter is killed.
    const names = Array.from({ length: 510 }, (_, i) => `clip${i}`);
    const paths = await writeInputs(join(folder, 'c'), names);
    const options = ['--wait', '--inputs-from', '-', '-o', join(folder, 'c-out'), '--model', 'face-api', '-f', 'jsonl', '--segment', '0']; // prettier-ignore
    const submitter = (): ChildProcessWithoutNullStreams =>
      spawn(process.execPath, [builtFile('src/cli/main.ts'), 'annotate', '--queue', redis.address, ...options]);
    const killed = submitter();
    killed.stdin.write(`${paths.slice(0, 505).join('\n')}\n`);
    while ((await archive.queue.getJobCountByTypes('prioritized')) < 500) await new Promise((resolve) => setTimeout(resolve, 20)); // prettier-ignore
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const done: string[] = [];
    await work(2, (event) => event.event === 'job-done' && done.push(event.input));
    const second = submitter();
    second.stdin.end(paths.join('\n'));
    let said = '';
    for (const stream of [second.stdout, second.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(second, 'exit')) as [number];
    expect(said).toContain('submitted 10 inputs; 500 were submitted earlier');
    expect(code).toBe(0);
    expect(done.sort()).toEqual([...paths].sort());
    delete process.env['STUB_FRAMES'];
    delete process.env['STUB_MS'];
  });

  it('have the tables of a local run when the submitter waits', async () => {
    const paths = await writeInputs(join(folder, 'e'), ['first', 'second', 'gone']);
    const output = join(folder, 'e-out');
    await work(1, () => undefined);
    await rm(paths[2]!);
    const annotate = ['annotate', ...paths, '-o', output, '-f', 'jsonl,summary', '--combine', '--segment', '0', '--model', 'face-api', '--queue', redis.address, '--wait']; // prettier-ignore
    const run = await runFer(annotate);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/first\.mp4 +ok +20[^]*second\.mp4 +ok +20[^]*1 of 3 inputs failed/);
    for (const name of ['summary.csv', 'combined.csv']) {
      expect(run.stdout).toContain(`over all inputs: ${join(output, name)}`);
      expect(await readFile(join(output, name), 'utf8')).toContain('first.mp4');
    }
    const quiet = await callFer([...annotate, '--quiet']);
    expect(quiet).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^failed: [^\n]*gone\.mp4[^\n]*\n$/) as string }); // prettier-ignore
  });

  it('do not hold a worker that ends while Redis is away', async () => {
    await work(1, () => undefined);
    await redis.kill();
    await Promise.all([worker!.close(100), archive.close()]);
    worker = null;
    await redis.start();
    archive = await openQueue(redis.address, () => undefined);
  });

  it('are counted by /metrics, and shown by a page', async () => {
    const monitor = new WorkerMonitor(archive);
    const port = await monitor.listen(0, '127.0.0.1');
    const get = async (path: string): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    try {
      const paths = await writeInputs(join(folder, 'd'), ['good', 'better', 'kills <b>']);
      const submission = await submitPaths(archive, await stubRun(join(folder, 'd-out')), paths);
      await work(1, (event) => {
        monitor.take(event);
      });
      await endOf(archive, submission);
      const { text } = await get('/metrics');
      for (const line of [
        'ferstream_worker_jobs_total{step="file",end="done"} 2',
        'ferstream_worker_jobs_total{step="file",end="failed"} 1',
        'ferstream_worker_frames_total 40',
        'ferstream_worker_jobs_running 0',
        'ferstream_queue_jobs{state="completed"} 2',
        'ferstream_queue_jobs{state="failed"} 1',
      ])
        expect(text.split('\n')).toContain(line);
      const page = await get('/');
      expect(page.text).toContain('kills &lt;b&gt;.mp4');
      expect(page.text).toMatch(/<th scope="row">Done<\/th>\s*<td>2<\/td>/);
      expect(await get('/healthz')).toEqual({ status: 200, text: 'ok\n' });
      expect((await get('/nothing')).status).toBe(404);
      await redis.kill();
      while (archive.redis.status === 'ready') await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await get('/')).status).toBe(503);
      expect((await get('/metrics')).text).toContain('ferstream_worker_frames_total 40');
      await redis.start();
    } finally {
      monitor.close();
    }
  });
});
