import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { throwIfAborted } from '../../errors/fer-error.js';
import { exists } from '../../files/write-error.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../../model/expression-model.js';
import { VERSION } from '../../version.js';
import { digest, jobId, runHash, runKey } from './archive-job.js';
import type { ArchiveJob, ArchiveResult, ArchiveRun, TaskCall } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';
import type { Found } from './queued-input.js';

/** Jobs sent to Redis at a time. */
const CHUNK = 500;
/** Milliseconds between two looks at a full queue. */
const FULL_PAUSE = 1_000;
/** An error that may pass is tried again so often, after 5, 10, 20 and 40 seconds. */
const ATTEMPTS = 5;
const FIRST_PAUSE = 5_000;
/** Priority of segments and merges: what has begun ends before the next input begins. BullMQ: the smaller the earlier. */
export const BEGUN = 1;
const DEFAULT_PRIORITY = 10;

export const RETRY = { attempts: ATTEMPTS, backoff: { type: 'exponential', delay: FIRST_PAUSE } } as const;

export interface SubmitOptions {
  readonly priority?: number;
  /** Jobs in the queue from which on the submitter waits for workers. */
  readonly maxWaiting?: number;
  /** Gets every job in order, also those that were in the queue already. */
  readonly onJob?: (id: string, input: string) => Promise<void> | void;
  /** Milliseconds before the second attempt; each further pause is twice as long. */
  readonly firstPause?: number;
  readonly onFull?: (waiting: number) => void;
  readonly signal?: AbortSignal;
}

export interface Submitted {
  /** New in the queue, or in it again. */
  readonly added: number;
  /** In the queue already, or finished earlier with outputs that are still there. */
  readonly known: number;
}

/**
 * Puts inputs into the queue, in constant memory and no faster than workers take them.
 * @throws FerError INTERRUPTED
 */
export async function submit(
  archive: ArchiveQueue,
  run: ArchiveRun,
  inputs: AsyncIterable<Found & { readonly type: 'input' }>,
  options: SubmitOptions = {},
): Promise<Submitted> {
  const {
    priority = DEFAULT_PRIORITY,
    maxWaiting = 200_000,
    firstPause = FIRST_PAUSE,
    onJob,
    onFull,
    signal,
  } = options;
  const { queue, redis } = archive;
  const retry = { ...RETRY, backoff: { ...RETRY.backoff, delay: firstPause } };
  const hash = runHash(run);
  await redis.set(runKey(hash), JSON.stringify(run));
  let added = 0;
  let known = 0;
  let chunk: { readonly id: string; readonly data: ArchiveJob; readonly version: string }[] = [];
  const send = async (): Promise<void> => {
    throwIfAborted(signal, 'submitting');
    const isKnown = await Promise.all(chunk.map(({ id, version }) => keepsResults(archive, id, version)));
    const missing = new Map(chunk.filter((_, i) => !isKnown[i]).map((job) => [job.id, job]));
    await queue.addBulk(
      [...missing.values()].map(({ id, data }) => ({
        name: 'input',
        data,
        opts: { jobId: id, priority: BEGUN + priority, ...retry },
      })),
    );
    added += missing.size;
    known += chunk.length - missing.size;
    for (const { id, data } of chunk) await onJob?.(id, data.name);
    chunk = [];
  };
  for await (const { input } of inputs) {
    const { version, ...rest } = input;
    const data: ArchiveJob = { run: hash, ...rest };
    chunk.push({ id: jobId(data, version), data, version });
    if (chunk.length < CHUNK) continue;
    await send();
    await waitForRoom(queue, maxWaiting, onFull, signal);
  }
  if (chunk.length > 0) await send();
  return { added, known };
}

/**
 * Whether a job is in the queue and need not be added again: it is open, or done with outputs that are still there. A job that failed, whose outputs
 * are gone or in object storage, or whose content may have changed (a URL without version) is removed: a worker checks it again.
 */
async function keepsResults({ queue, redis }: ArchiveQueue, id: string, version: string): Promise<boolean> {
  const [timestamp, finishedOn, result] = await redis.hmget(queue.toKey(id), 'timestamp', 'finishedOn', 'returnvalue');
  if (timestamp == null) return false;
  if (finishedOn == null) return true;
  if (result != null && version !== '') {
    const { outputs } = JSON.parse(result) as ArchiveResult;
    const found = await Promise.all(outputs.map((path) => exists(path)));
    if (!found.includes(false)) return true;
  }
  await queue.remove(id);
  return false;
}

async function waitForRoom(
  queue: Queue,
  maxWaiting: number,
  onFull: SubmitOptions['onFull'],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let said = false; ; said = true) {
    const waiting = await queue.getJobCountByTypes('wait', 'prioritized', 'delayed');
    if (waiting < maxWaiting) return;
    if (!said) onFull?.(waiting);
    await delay(FULL_PAUSE, undefined, { signal }).catch(() => undefined);
    throwIfAborted(signal, 'submitting');
  }
}

/** A task on its way into the queue. All paths are absolute: workers have working folders of their own. */
export interface TaskSubmission extends TaskCall {
  /** What it writes: a folder or a file. */
  readonly path: string;
  /** For people. */
  readonly title: string;
}

/** The job of a task, which a worker splits into parts. A task that runs is not submitted twice; one that has ended starts again. */
export async function submitTask(
  { queue }: ArchiveQueue,
  { name, path, title, settings }: TaskSubmission,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const id = `t${digest(JSON.stringify([VERSION, name, path, settings])).slice(0, 24)}`;
  const before = (await queue.getJob(id)) as Job | undefined;
  const state = await before?.getState();
  if (before !== undefined && state !== 'completed' && state !== 'failed') return { id, isNew: false };
  await before?.remove({ removeChildren: true });
  const data: ArchiveJob = { run: VERSION, kind: 'task', path, name: title, output: '', task: { name, settings } };
  await queue.add('task', data, { jobId: id, priority: BEGUN + DEFAULT_PRIORITY, ...RETRY });
  return { id, isNew: true };
}

/** A model by name as it is ("default", "default/frame"), the folder of another one as an absolute path. */
export function absoluteModel(model: string): string {
  const isNamed = (MODEL_NAMES as readonly string[]).includes(model) || model.startsWith(`${DEFAULT_MODEL}/`);
  return isNamed ? model : resolve(model);
}

/** FORMAT:DIR with an absolute path. */
export function absoluteData(location: string): string {
  const at = location.indexOf(':') + 1;
  if (at === 0) return location;
  return location.slice(0, at) + resolve(location.slice(at));
}
