import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { UnrecoverableError, Worker } from 'bullmq';
import type { ConnectionOptions } from 'bullmq';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEY_PREFIX, QUEUE_NAME } from '../../src/archive/queue/archive-job.js';
import { openQueue, redisOptions } from '../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../src/archive/queue/redis-connection.js';
import { optionalPackage } from '../../src/errors/fer-error.js';
import { drainQueue, purgeQueue, retryFailed } from '../../src/archive/queue/queue-admin.js';
import { queueStatus } from '../../src/archive/queue/queue-admin.js';
import { findListed, mirrored } from '../../src/archive/queue/queued-input.js';
import type { Found } from '../../src/archive/queue/queued-input.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/worker-event.js';
import { workerCommand } from '../../src/cli/worker.js';
import { readAnnotation } from '../../src/stream/results/read-annotation.js';
import { closeArchive, endOf, openEmptyQueue, stubRun, submitPaths, writeInputs } from './support/archive.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';
import { STUB } from './support/stub.js';

if (!HAS_REDIS) console.warn('SKIPPED: the queue tests need redis-server (apt-get install redis-server)');

it('names the packages to install where they are missing', async () => {
  const absent: string = 'no-such-package';
  const missing = optionalPackage(() => import(absent), 'bullmq ioredis', '--queue');
  await expect(missing).rejects.toMatchObject({
    code: 'PACKAGE_MISSING',
    message: '--queue needs optional packages: npm install bullmq ioredis',
  });
});

it('mirrors the folders of listed inputs, and never gives two the same name', () => {
  expect(mirrored('/data/2021/a.b.mp4')).toBe('data/2021/a.b.mp4');
  expect(mirrored('https://host/v/clip.webm')).toBe('https/host/v/clip.webm');
  expect(mirrored('https://host:80/v/clip.webm')).toMatch(/^https\/host_80-[0-9a-f]{8}\/v\/clip\.webm$/);
  const long = 'x'.repeat(300);
  const files = [
    '/d/a.mp4',
    '/d/a.mov',
    '/d/take.1',
    '/d/take.2',
    '/d/a:b',
    '/d/a_b',
    '/d/a\\b',
    '/d/a/b',
    '/h/a',
    '/http/h/a',
  ];
  const addresses = ['http://h/a', 'https://h/a', 'http://h//a', 'http://h/a/', 'http://h/a?b=1', 'http://h/a_b=1', 's3://h/a', 's3://b/a.mp4', 's3://b/../a.mp4', `https://h/${long}1`, `https://h/${long}2`]; // prettier-ignore
  const paths = [...files, ...addresses];
  const names = paths.map(mirrored);
  expect(new Set(names).size).toBe(paths.length);
  expect(names.filter((name) => name.split('/').some((part) => part.length > 200 || /^\.*$/.test(part)))).toEqual([]);
});

it('names listed inputs by where they are, wherever the list is read', async () => {
  const place = await mkdtemp(join(tmpdir(), 'ferstream-list-'));
  try {
    const [path] = await writeInputs(place, ['clip']);
    const list = join(place, 'list');
    const found: Found[] = [];
    // As PowerShell writes it.
    await writeFile(list, `\uFEFF${relative(process.cwd(), path!)}\r\n-\r\n`, 'utf16le');
    for await (const one of findListed(list)) found.push(one);
    expect(found).toMatchObject([
      { type: 'input', input: { output: mirrored(path!) } },
      { type: 'failed', name: '-', error: { code: 'USAGE' } },
    ]);
  } finally {
    await rm(place, { recursive: true });
  }
});

describe.skipIf(!HAS_REDIS)('with a Redis', () => {
  let folder: string;
  let redis: TestRedis;
  let archive: ArchiveQueue;
  let worker: ArchiveWorker | null = null;
  let events: WorkerEvent[];

  const work = async (concurrency = 2): Promise<ArchiveWorker> => {
    const options = { concurrency, processModule: STUB, lockDuration: 3_000, stalledInterval: 1_000 };
    worker = await ArchiveWorker.start(archive, redis.address, { ...options, onEvent: (event) => events.push(event) });
    return worker;
  };
  const framesOf = async (path: string): Promise<number> => {
    let frames = 0;
    for await (const line of readAnnotation(path)) if (line.type === 'frame') frames += 1;
    return frames;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferstream-archive-'));
    redis = await TestRedis.start(folder);
  });
  afterAll(async () => {
    await redis.kill();
    // A process that was killed just now may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
  beforeEach(async () => {
    events = [];
    worker = null;
    archive = await openEmptyQueue(redis);
  });
  afterEach(() => closeArchive(archive, worker));

  it('does every input once, a second submission does nothing, and a third finds the outputs', async () => {
    const paths = await writeInputs(join(folder, 'a'), ['one', 'two', 'three']);
    const run = await stubRun(join(folder, 'a-out'));
    const first = await submitPaths(archive, run, paths);
    expect(first.submitted).toEqual({ added: 3, known: 0 });
    await work();
    const ended = await endOf(archive, first);
    expect(ended).toMatchObject(paths.map((input) => ({ input, result: { state: 'done', frames: 20 } })));
    expect((await readdir(run.outputDir)).filter((name) => !name.startsWith('.')).sort()).toEqual(
      ['one', 'three', 'two'].flatMap((name) => [`${name}.csv`, `${name}.jsonl`]),
    );
    expect(await framesOf(join(run.outputDir, 'one.jsonl'))).toBe(20);
    const second = await submitPaths(archive, run, paths);
    expect(second.submitted).toEqual({ added: 0, known: 3 });
    await rm(join(run.outputDir, 'one.csv'));
    const repair = await submitPaths(archive, run, paths);
    expect(repair.submitted).toEqual({ added: 1, known: 2 });
    expect(await endOf(archive, repair)).toMatchObject([{ result: { state: 'done' } }, {}, {}]);
    expect(await purgeQueue(archive, 'completed')).toBe(3);
    expect(await endOf(archive, second)).toMatchObject([{ failure: expect.stringContaining('was removed') as string }, {}, {}]); // prettier-ignore
    const third = await submitPaths(archive, run, paths);
    expect(await endOf(archive, third)).toMatchObject(paths.map((input) => ({ input, result: { state: 'skipped' } })));
  });

  it('keeps an input that fails with its reason, does the rest, and does it again on request', async () => {
    const paths = await writeInputs(join(folder, 'b'), ['good', 'gone']);
    const run = await stubRun(join(folder, 'b-out'));
    const submission = await submitPaths(archive, run, paths);
    await rm(paths[1]!);
    await work();
    expect(await endOf(archive, submission)).toMatchObject([
      { result: { state: 'done' } },
      { failure: expect.stringMatching(/gone\.mp4: .*\[INPUT_NOT_FOUND\]$/) as string },
    ]);
    const { failures, failed, completed } = await queueStatus(archive);
    expect({ failed, completed }).toEqual({ failed: 1, completed: 1 });
    expect(failures[0]).toMatchObject({ input: paths[1], reason: expect.stringContaining('gone.mp4') as string });
    await writeFile(paths[1]!, 'here again');
    await expect(retryFailed(archive.queue, ['nonsense'])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await retryFailed(archive.queue, [])).toBe(1);
    expect(await endOf(archive, submission)).toMatchObject([{ result: {} }, { result: { state: 'done' } }]);
  });

  it('gives up an input that ends every process which works on it', { timeout: 180_000 }, async () => {
    const paths = await writeInputs(join(folder, 'c'), ['kills', 'fine']);
    const submission = await submitPaths(archive, await stubRun(join(folder, 'c-out')), paths);
    await work();
    expect(await endOf(archive, submission)).toMatchObject([
      { failure: expect.stringMatching(/kills\.mp4: \d processes died on it; .*\[WORKER_FAILED\]$/) as string },
      { result: { state: 'done' } },
    ]);
  });

  it('gives up an input that lost too many workers, at once, and forgives them on request', async () => {
    const submission = await submitPaths(archive, await stubRun(join(folder, 'g-out')), await writeInputs(join(folder, 'g'), ['fine'])); // prettier-ignore
    await archive.redis.hset(archive.queue.toKey(submission.jobs[0]![0]), 'stc', 15);
    await work();
    expect(await endOf(archive, submission)).toMatchObject([{ failure: expect.stringContaining('15 processes died') as string }]); // prettier-ignore
    expect(events.filter(({ event }) => event === 'job-failed')).toMatchObject([{ final: true }]);
    expect(await retryFailed(archive.queue, [])).toBe(1);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done' } }]);
  });

  describe('without a worker', () => {
    const settings = { run: 'r', kind: 'file', path: '/x', name: '/x', output: 'x' } as const;
    const segment = { index: '0', from: null, start: null, end: null, until: null };
    const input = (id: string, more = {}): Promise<unknown> => archive.queue.add('input', { ...settings, ...more }, { jobId: id, priority: 5 }); // prettier-ignore
    const states = (...ids: string[]): Promise<string[]> => Promise.all(ids.map((id) => archive.queue.getJobState(id)));
    /** Takes the next job, by priority, and ends it. */
    const end = async (how: 'completed' | 'failed'): Promise<void> => {
      const connection = redisOptions(redis.address) as ConnectionOptions;
      const taker = new Worker(QUEUE_NAME, null, { connection, prefix: KEY_PREFIX, skipVersionCheck: true });
      const job = await taker.getNextJob('token');
      if (how === 'completed') await job.moveToCompleted({}, 'token', false);
      else await job.moveToFailed(new UnrecoverableError('broken'), 'token', false);
      await taker.close();
    };

    it('draining keeps what belongs to inputs and tasks that have begun', async () => {
      await input('new');
      await input('merging', { segments: [segment] });
      await input('merging-0', { segment, input: 'merging' });
      await input('task-0', { kind: 'task', part: { index: '0', name: 'p', value: 0 }, input: 'task' });
      await archive.queue.add('input', settings, { jobId: 'later', delay: 1e6 });
      expect(await drainQueue(archive.queue)).toBe(2);
      const waits = 'prioritized';
      expect(await states('new', 'later', 'merging', 'merging-0', 'task-0')).toEqual(['unknown', 'unknown', waits, waits, waits]); // prettier-ignore
    });

    it('purging keeps segments until their input has ended', async () => {
      await input('a-0', { segment, input: 'a' });
      await end('completed');
      await input('b-0', { segment, input: 'b' });
      await end('failed');
      await input('gone-0', { segment, input: 'gone' });
      await end('completed');
      await input('a', { segments: [segment] });
      await input('b', { segments: [segment] });
      expect([await purgeQueue(archive, 'completed'), await purgeQueue(archive, 'failed')]).toEqual([1, 0]);
      await end('completed');
      await end('failed');
      expect([await purgeQueue(archive, 'completed'), await purgeQueue(archive, 'failed')]).toEqual([2, 2]);
    });

    it('a failed segment is retried through its input', async () => {
      await input('a-0', { segment, input: 'a' });
      await end('failed');
      await expect(retryFailed(archive.queue, ['a-0'])).rejects.toThrow('a-0: its input is no longer in the queue');
      await input('a', { segments: [segment] });
      await expect(retryFailed(archive.queue, ['a-0'])).rejects.toThrow('a-0: its input a has not failed');
      await end('failed');
      expect(await retryFailed(archive.queue, ['a-0', 'a'])).toBe(1);
      expect(await states('a')).toEqual(['prioritized']);
    });

    it('a failed input is tried again when it is submitted again', async () => {
      const [paths, run] = [await writeInputs(join(folder, 'h'), ['one']), await stubRun(join(folder, 'h-out'))];
      await submitPaths(archive, run, paths);
      await end('failed');
      expect((await submitPaths(archive, run, paths)).submitted).toEqual({ added: 1, known: 0 });
    });
  });

  it('fails a job of another version with a reason, and goes on with the others', async () => {
    const options = { jobId: 'strange', attempts: 2, backoff: 1 };
    await archive.queue.add('file', { something: 'else' }, options);
    await work(1);
    while (!events.some((one) => one.event === 'job-failed' && one.final)) await new Promise((resolve) => setTimeout(resolve, 20)); // prettier-ignore
    expect((await queueStatus(archive)).failures[0]!.reason).toMatch(/another version of ferstream.*\[INTERNAL\]$/);
    expect(await retryFailed(archive.queue, [])).toBe(0);
    await expect(retryFailed(archive.queue, ['strange'])).rejects.toThrow('another version of ferstream');
    const paths = await writeInputs(join(folder, 'v'), ['fine']);
    const submission = await submitPaths(archive, await stubRun(join(folder, 'v-out')), paths);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done' } }]);
  });

  it('continues when Redis is killed and started again', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `clip${i}`);
    const submission = await submitPaths(archive, await stubRun(join(folder, 'd-out')), await writeInputs(join(folder, 'd'), names)); // prettier-ignore
    await work();
    const ended = endOf(archive, submission);
    while (!events.some(({ event }) => event === 'job-done')) await new Promise((resolve) => setTimeout(resolve, 20));
    await redis.kill();
    await redis.start();
    expect((await ended).filter((one) => 'result' in one)).toHaveLength(12);
    for (const name of names) expect(await framesOf(join(folder, 'd-out', `${name}.jsonl`))).toBe(20);
  });

  it('a drained worker gives its job back, and the next one does it', async () => {
    process.env['STUB_MS'] = '100000';
    const paths = await writeInputs(join(folder, 'e'), ['slow']);
    const run = await stubRun(join(folder, 'e-out'));
    const submission = await submitPaths(archive, run, paths);
    const first = await work();
    delete process.env['STUB_MS'];
    // Its process has started, and is at work.
    while (!(await readdir(run.outputDir).catch(() => [])).some((name) => name.startsWith('.slow.')))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await first.close(50);
    expect(events.map(({ event }) => event)).toContain('job-returned');
    expect(await queueStatus(archive)).toMatchObject({ waiting: 1, active: 0, failed: 0 });
    await work();
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done' } }]);
  });

  it('drains and purges', async () => {
    const paths = await writeInputs(join(folder, 'f'), ['one', 'two']);
    await submitPaths(archive, await stubRun(join(folder, 'f-out')), paths);
    expect(await queueStatus(archive)).toMatchObject({ waiting: 2, workers: 0, perMinute: null });
    expect(await drainQueue(archive.queue)).toBe(2);
    await submitPaths(archive, await stubRun(join(folder, 'f-out')), paths);
    expect(await purgeQueue(archive, 'all')).toBe(2);
    expect(await archive.redis.keys('ferstream:run:*')).toEqual([]);
  });

  it('a worker whose port for metrics is taken leaves no connection open', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    // A database of its own tells its connections from others.
    const connections = async () =>
      String(await archive.redis.client('LIST'))
        .split('\n')
        .filter((line) => line.includes(' db=5 ')).length;
    try {
      const program = new Command().exitOverride();
      workerCommand(program);
      const started = program.parseAsync(['worker', '--queue', `${redis.address}/5`, '--metrics-port', String(port)], { from: 'user' }); // prettier-ignore
      await expect(started).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      taken.close();
    }
  });

  it('refuses a Redis that can lose jobs, with one remedy', async () => {
    const refused = (): Promise<unknown> => openQueue(redis.address, () => undefined);
    await archive.redis.config('SET', 'appendonly', 'no');
    await expect(refused()).rejects.toMatchObject({ code: 'QUEUE_UNSAFE', message: expect.stringContaining('CONFIG SET appendonly yes') as string }); // prettier-ignore
    await archive.redis.config('SET', 'appendonly', 'yes');
    await archive.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(refused()).rejects.toMatchObject({ code: 'QUEUE_UNSAFE', message: expect.stringContaining('noeviction') as string }); // prettier-ignore
    await archive.redis.config('SET', 'maxmemory-policy', 'noeviction');
    await expect(openQueue('http://x', () => undefined)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
