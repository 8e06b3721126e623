import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted } from '../../errors/fer-error.js';
import { writeError } from '../../files/write-error.js';
import type { ArchiveResult } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';

/** Jobs checked together. */
const CHUNK = 500;
/** Milliseconds between two looks. */
const PAUSE = 500;

/** Characters gathered before they are written. */
const LONGEST_TEXT = 1 << 16;

/** The jobs of a submission, on disk: there may be a million. */
export class JobList {
  private text = '';

  private constructor(
    private readonly folder: string,
    private readonly file: FileHandle,
  ) {}

  /** @throws FerError OUTPUT_UNWRITABLE */
  static async create(): Promise<JobList> {
    try {
      const folder = await mkdtemp(join(tmpdir(), 'ferstream-jobs-'));
      return new JobList(folder, await open(join(folder, 'jobs'), 'w'));
    } catch (error) {
      throw writeError(tmpdir(), error);
    }
  }

  /** @throws FerError OUTPUT_UNWRITABLE */
  async add(id: string, input: string): Promise<void> {
    this.text += `${JSON.stringify([id, input])}\n`;
    if (this.text.length > LONGEST_TEXT) await this.write();
  }

  /** The jobs in the order in which they were added; nothing may be added afterwards. */
  async *read(): AsyncGenerator<readonly [id: string, input: string]> {
    await this.write();
    const lines = createInterface({ input: createReadStream(join(this.folder, 'jobs')) });
    for await (const line of lines) yield JSON.parse(line) as [string, string];
  }

  async remove(): Promise<void> {
    await this.file.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async write(): Promise<void> {
    const { text } = this;
    this.text = '';
    await this.file.appendFile(text).catch((error: unknown) => {
      throw writeError(this.folder, error);
    });
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
