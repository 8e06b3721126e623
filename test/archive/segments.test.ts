import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ArchiveRun } from '../../src/archive/queue/archive-job.js';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../src/archive/queue/redis-connection.js';
import { retryFailed } from '../../src/archive/queue/queue-admin.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/archive-worker.js';
import { H264, make, moving, temporaryFolder, useBundledFfmpeg } from '../ingest/support/clips.js';
import { endOf, stubRun, submitPaths } from './support/archive.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';
import { STUB } from './support/stub.js';

if (!HAS_REDIS) console.warn('SKIPPED: tests of divided inputs need redis-server (apt-get install redis-server)');

/** 120 s of real footage at 5 frames a second, and networks that do nothing. */
describe.skipIf(!HAS_REDIS)('a divided input', { timeout: 240_000 }, () => {
  const folder = temporaryFolder();
  let redis: TestRedis;
  let archive: ArchiveQueue;
  let worker: ArchiveWorker;
  let events: WorkerEvent[];

  beforeAll(async () => {
    useBundledFfmpeg();
    redis = await TestRedis.start(folder);
    await make(...moving('64x48', 5, 120), ...H264, join(folder, 'footage.mp4'));
  });
  afterAll(() => redis.kill());
  beforeEach(async () => {
    events = [];
    archive = await openQueue(redis.address, () => undefined);
    await archive.redis.flushall();
    worker = await ArchiveWorker.start(archive, redis.address, {
      concurrency: 2,
      processModule: STUB,
      onEvent: (event) => events.push(event),
    });
  });
  afterEach(async () => {
    await worker.close(100);
    await archive.close();
  });

  const inputAs = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, await readFile(join(folder, 'footage.mp4')));
    return path;
  };
  const runInto = async (place: string, segmentSeconds: number | null): Promise<ArchiveRun> => ({
    ...(await stubRun(join(folder, place))),
    segmentSeconds,
  });
  const steps = (): string[] => events.flatMap((event) => (event.event === 'job-started' ? [event.step] : []));
  const results = async (place: string, name: string): Promise<string[]> =>
    Promise.all(['jsonl', 'csv'].map((ending) => readFile(join(folder, place, `${name}.${ending}`), 'utf8')));

  it('alone is merged to the bytes of one run', async () => {
    const path = await inputAs('footage-whole.mp4');
    expect(await endOf(archive, await submitPaths(archive, await runInto('whole', null), [path]))).toMatchObject([{ result: { frames: 600 } }]); // prettier-ignore
    expect(steps()).toEqual(['file']);
    expect(await endOf(archive, await submitPaths(archive, await runInto('parts', 40), [path]))).toMatchObject([{ result: { state: 'done', frames: 600 } }]); // prettier-ignore
    expect(steps().slice(1).sort()).toEqual(['file', 'merge', 'segment', 'segment', 'segment']);
    const withoutRun = ([jsonl, csv]: string[]): string[] => [jsonl!.split('\n').slice(1).join('\n'), csv!];
    expect(withoutRun(await results('parts', 'footage-whole'))).toEqual(withoutRun(await results('whole', 'footage-whole'))); // prettier-ignore
  });

  it('has a segment halved that ended two processes, and the halves merged', async () => {
    const submission = await submitPaths(archive, await runInto('halved', 60), [await inputAs('footage-kills.mp4')]);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done', frames: 600 } }]);
    const divided = events.flatMap((event) => (event.event === 'job-divided' ? [event.parts] : []));
    expect(divided).toEqual([2, 2, 2]);
    const lost = events.filter((event) => event.event === 'job-failed');
    expect(lost.map((event) => event.code)).toEqual(Array(4).fill('WORKER_FAILED'));
    expect((await results('halved', 'footage-kills'))[0]!.match(/"type":"frame"/g)).toHaveLength(600);
  });

  it('has only the segment done again that failed', async () => {
    const path = await inputAs('footage-breaks.mp4');
    await writeFile(`${path}.broken`, '');
    const submission = await submitPaths(archive, await runInto('again', 60), [path]);
    const reason = expect.stringMatching(
      /segment 1 failed: .*broken from second 70 on \[INPUT_UNREADABLE\]$/,
    ) as string;
    expect(await endOf(archive, submission)).toMatchObject([{ failure: reason }]);
    events.length = 0;
    await rm(`${path}.broken`);
    expect(await retryFailed(archive.queue, [])).toBe(1);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done', frames: 600 } }]);
    expect(steps()).toEqual(['segment', 'merge']);
  });
});
