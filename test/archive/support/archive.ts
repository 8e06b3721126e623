import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveRun } from '../../../src/archive/queue/archive-job.js';
import { openQueue } from '../../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../../src/archive/queue/redis-connection.js';
import { findInputs } from '../../../src/archive/queue/queued-input.js';
import type { Found } from '../../../src/archive/queue/queued-input.js';
import { submit } from '../../../src/archive/queue/submit.js';
import type { SubmitOptions, Submitted } from '../../../src/archive/queue/submit.js';
import { waitFor } from '../../../src/archive/queue/wait.js';
import type { Ended } from '../../../src/archive/queue/wait.js';
import { parseAnnotateOptions } from '../../../src/stream/pipeline/pipeline-settings.js';
import { resultHash } from '../../../src/stream/annotate/annotate-input.js';
import type { ArchiveWorker } from '../../../src/archive/worker/archive-worker.js';
import { VERSION } from '../../../src/version.js';
import type { TestRedis } from './redis.js';

/** The queue of a Redis for tests, with nothing in it. */
export async function openEmptyQueue(redis: TestRedis): Promise<ArchiveQueue> {
  const archive = await openQueue(redis.address, () => undefined);
  await archive.redis.flushall();
  return archive;
}

/** Ends what a test used. */
export async function closeArchive(archive: ArchiveQueue, worker: ArchiveWorker | null): Promise<void> {
  await worker?.close(100);
  await archive.close();
}

/** Files that the stub takes for footage. */
export async function writeInputs(folder: string, names: readonly string[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths = names.map((name) => join(folder, `${name}.mp4`));
  for (const path of paths) await writeFile(path, `footage ${path}`);
  return paths;
}

export async function stubRun(outputDir: string): Promise<ArchiveRun> {
  const settings = parseAnnotateOptions({ model: 'face-api' });
  const { backend: _, ...decisive } = settings;
  const formats = ['jsonl', 'csv'];
  const hash = await resultHash(settings, formats);
  const common = { ferstream: VERSION, settings: decisive, formats, outputDir, resultHash: hash };
  return { ...common, segmentSeconds: null, force: null };
}

export interface TestSubmission {
  readonly submitted: Submitted;
  readonly jobs: readonly (readonly [id: string, input: string])[];
}

export async function submitPaths(
  archive: ArchiveQueue,
  run: ArchiveRun,
  paths: readonly string[],
  options: SubmitOptions = {},
): Promise<TestSubmission> {
  const jobs: (readonly [string, string])[] = [];
  const submitted = await submit(archive, run, inputsOnly(findInputs(paths, run)), {
    firstPause: 100,
    ...options,
    onJob: (id, input) => void jobs.push([id, input]),
  });
  return { submitted, jobs };
}

export async function endOf(archive: ArchiveQueue, { jobs }: TestSubmission): Promise<Ended[]> {
  const ended: Ended[] = [];
  for await (const one of waitFor(archive, listed(jobs))) ended.push(one);
  return ended;
}

async function* inputsOnly(found: AsyncIterable<Found>): AsyncGenerator<Found & { readonly type: 'input' }> {
  for await (const one of found) if (one.type === 'input') yield one;
}

async function* listed<T>(items: readonly T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* items;
}
