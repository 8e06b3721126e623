import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ArchiveRun, Segment } from '../../src/archive/queue/archive-job.js';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../src/archive/queue/redis-connection.js';
import { retryFailed } from '../../src/archive/queue/queue-admin.js';
import { planSegments } from '../../src/archive/segments/plan-segments.js';
import { segmentPath } from '../../src/archive/segments/segment-file.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/worker-event.js';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { findFfprobe } from '../../src/ingest/ffmpeg/binaries.js';
import { parseAnnotateOptions } from '../../src/stream/pipeline/pipeline-settings.js';
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
  let events: WorkerEvent[] = [];
  let onEvent: (event: WorkerEvent) => void = () => undefined;

  beforeAll(async () => {
    useBundledFfmpeg();
    redis = await TestRedis.start(folder);
    await make(...moving('64x48', 5, 120), ...H264, join(folder, 'footage.mp4'));
  });
  // One for all tests: its processes take a while to start.
  beforeAll(async () => {
    archive = await openQueue(redis.address, () => undefined);
    worker = await ArchiveWorker.start(archive, redis.address, {
      concurrency: 2,
      processModule: STUB,
      onEvent: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
  });
  afterAll(async () => {
    await worker.close(100);
    await archive.close();
    await redis.kill();
  });
  beforeEach(() => {
    events = [];
    onEvent = () => undefined;
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

  it('has segments done again whose files were damaged before the merge', async () => {
    const run = await runInto('damaged', 60);
    let done = 0;
    // Before the merge begins: a file that ends at the end of a line, as after a crash of the file system.
    onEvent = (event) => {
      if (event.event !== 'job-done' || event.step !== 'segment') return;
      done += 1;
      const [id] = submission.jobs[0]!;
      const file = segmentPath(run.outputDir, id, '0');
      if (done === 2) writeFileSync(file, readFileSync(file, 'utf8').replace(/\n[^\n]*\n$/, '\n'));
    };
    const submission = await submitPaths(archive, run, [await inputAs('footage-damaged.mp4')]);
    const reason = expect.stringMatching(/0\.jsonl: is cut short; .*\[ANNOTATION_INVALID\]$/) as string;
    expect(await endOf(archive, submission)).toMatchObject([{ failure: reason }]);
    events.length = 0;
    expect(await retryFailed(archive.queue, [])).toBe(1);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done', frames: 600 } }]);
    expect(steps()).toEqual(['segment', 'segment', 'merge']);
    const frames = events.flatMap((event) => (event.event === 'job-done' ? [event.frames > 0] : []));
    expect(frames.sort()).toEqual([false, true, true]);
  });

  it('may have segments without frames: its picture ends before its sound', async () => {
    const path = join(folder, 'footage-short.mkv');
    await make(...moving('64x48', 5, 50), '-f', 'lavfi', '-t', '120', '-i', 'anullsrc', ...H264, path);
    const submission = await submitPaths(archive, await runInto('short', 45), [path]);
    expect(await endOf(archive, submission)).toMatchObject([{ result: { frames: 250, degraded: false } }]);
    const segments = events.filter(
      (event) => event.event === 'job-done' && event.step === 'segment' && event.input === path,
    );
    expect(segments).toHaveLength(3);
  });

  it('is looked through once, however many borders it gets', async () => {
    const path = await make('-i', join(folder, 'footage.mp4'), '-c', 'copy', join(folder, 'footage.mkv'));
    const { path: ffprobe } = await findFfprobe();
    const [counted, looks] = [join(folder, 'ffprobe'), join(folder, 'looks')];
    await writeFile(
      counted,
      `#!/bin/sh\ncase "$*" in *-skip_frame*) echo >> "${looks}" ;; esac\nexec "${ffprobe}" "$@"\n`,
    );
    await chmod(counted, 0o755);
    vi.stubEnv('FFPROBE_PATH', counted);
    try {
      const settings = parseAnnotateOptions({});
      const options = { settings, context: { past: 0, future: 0, hop: 1 }, segmentSeconds: 30 };
      expect(await planSegments({ kind: 'file', path, name: path }, options)).toHaveLength(4);
      expect(await readFile(looks, 'utf8')).toBe('\n');
      await appendFile(path, '');
      await openFile(path, { start: 50 });
      expect(await readFile(looks, 'utf8')).toBe('\n');
      await appendFile(path, ' ');
      await openFile(path, { start: 50 });
      expect(await readFile(looks, 'utf8')).toBe('\n\n');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('is decoded as far beyond its borders as smoothing reaches', async () => {
    const path = join(folder, 'footage.mp4');
    const context = { past: 0, future: 0, hop: 1 };
    const reach = async (smoothing: number): Promise<number[]> => {
      const settings = parseAnnotateOptions({ smoothing });
      const segments = await planSegments(
        { kind: 'file', path, name: path },
        { settings, context, segmentSeconds: 60 },
      );
      const [{ end, until }, { start, from }] = segments as [Segment, Segment];
      return [Math.round(start! - from!), Math.round(until! - end!)];
    };
    expect(await reach(0.1)).toEqual([10, 3]);
    expect(await reach(4)).toEqual([25, 23]);
  });
});
