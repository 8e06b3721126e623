import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted } from '../../errors/fer-error.js';
import type { ArchiveResult } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';

/** Jobs checked together. */
const CHUNK = 500;
/** Milliseconds between two looks. */
const PAUSE = 500;

/** The jobs of a submission, on disk: there may be a million. */
export class JobList {
  private constructor(
    private readonly folder: string,
    private readonly stream: ReturnType<typeof createWriteStream>,
  ) {}

  static async create(): Promise<JobList> {
    const folder = await mkdtemp(join(tmpdir(), 'ferstream-jobs-'));
    return new JobList(folder, createWriteStream(join(folder, 'jobs')));
  }

  async add(id: string, input: string): Promise<void> {
    if (!this.stream.write(`${JSON.stringify([id, input])}\n`)) await once(this.stream, 'drain');
  }

  /** The jobs in the order in which they were added; nothing may be added afterwards. */
  async *read(): AsyncGenerator<readonly [id: string, input: string]> {
    if (!this.stream.writableEnded) {
      this.stream.end();
      await once(this.stream, 'close');
    }
    const lines = createInterface({ input: createReadStream(join(this.folder, 'jobs')) });
    for await (const line of lines) yield JSON.parse(line) as [string, string];
  }

  async remove(): Promise<void> {
    this.stream.destroy();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** How a job ended. */
export type Ended =
  { readonly input: string; readonly result: ArchiveResult } | { readonly input: string; readonly failure: string };

/**
 * Waits for jobs and yields how each ended, in constant memory, in the order of submission. Redis may be away for a while.
 * @throws FerError INTERRUPTED; the jobs continue
 */
export async function* waitFor(
  archive: ArchiveQueue,
  jobs: AsyncIterable<readonly [id: string, input: string]>,
  signal?: AbortSignal,
): AsyncGenerator<Ended> {
  let chunk: (readonly [string, string])[] = [];
  for await (const job of jobs) {
    chunk.push(job);
    if (chunk.length < CHUNK) continue;
    yield* waitForChunk(archive, chunk, signal);
    chunk = [];
  }
  yield* waitForChunk(archive, chunk, signal);
}

async function* waitForChunk(
  { queue, redis }: ArchiveQueue,
  jobs: readonly (readonly [string, string])[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Ended> {
  const ended = new Map<number, Ended>();
  for (let next = 0; next < jobs.length;) {
    throwIfAborted(signal, 'waiting');
    const open = [...jobs.keys()].filter((i) => i >= next && !ended.has(i));
    const answers = await Promise.all(
      open.map((i) => redis.hmget(queue.toKey(jobs[i]![0]), 'timestamp', 'finishedOn', 'failedReason', 'returnvalue')),
    );
    for (const [k, i] of open.entries()) {
      const [, input] = jobs[i]!;
      const [timestamp, finishedOn, failedReason, result] = answers[k]!;
      if (timestamp == null) ended.set(i, { input, failure: `${input}: was removed from the queue` });
      else if (finishedOn == null) continue;
      else if (result == null) ended.set(i, { input, failure: failedReason ?? 'no reason given' });
      else ended.set(i, { input, result: JSON.parse(result) as ArchiveResult });
    }
    for (let one = ended.get(next); one !== undefined; one = ended.get(next)) {
      yield one;
      ended.delete(next);
      next += 1;
    }
    if (next < jobs.length) await delay(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}
