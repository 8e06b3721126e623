import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { FerError } from '../../errors/fer-error.js';
import { KEY_PREFIX, archiveJobSchema, parseJob } from './archive-job.js';
import type { ArchiveJob } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';

/** Minutes over which the rate is averaged. */
const RATE_MINUTES = 10;
/** Failures listed. */
const FAILURES = 20;

export interface QueueStatus {
  /** Not begun. */
  readonly waiting: number;
  readonly active: number;
  /** To be tried again in a moment. */
  readonly delayed: number;
  /** Inputs that wait for their segments. */
  readonly divided: number;
  readonly completed: number;
  readonly failed: number;
  readonly workers: number;
  /** Jobs a minute over the last ten; null before the first minute has ended. */
  readonly perMinute: number | null;
  readonly secondsLeft: number | null;
  readonly memoryBytes: number | null;
  readonly failures: readonly FailedJob[];
}

export interface FailedJob {
  readonly id: string;
  readonly input: string;
  readonly reason: string;
  readonly attempts: number;
}

export async function queueStatus({ queue, redis }: ArchiveQueue): Promise<QueueStatus> {
  const counts = await queue.getJobCounts();
  const count = (...names: string[]): number => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  const waiting = count('waiting', 'wait', 'prioritized', 'paused');
  const { active, delayed } = { active: count('active'), delayed: count('delayed') };
  const divided = count('waiting-children');
  const perMinute = await rate(queue);
  const open = waiting + active + delayed;
  const memory = /^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1];
  return {
    waiting,
    active,
    delayed,
    divided,
    completed: count('completed'),
    failed: count('failed'),
    workers: await queue.getWorkersCount(),
    perMinute,
    secondsLeft: open === 0 ? 0 : perMinute === null || perMinute === 0 ? null : (open / perMinute) * 60,
    memoryBytes: memory === undefined ? null : Number(memory),
    failures: (await queue.getFailed(0, FAILURES - 1)).map((job) => describeFailure(job as Job)),
  };
}

/** Failed inputs (dead letters), newest first, in constant memory. */
async function* failedJobs(queue: Queue, page = 500): AsyncGenerator<Job> {
  for (let start = 0; ; start += page) {
    const jobs = (await queue.getFailed(start, start + page - 1)) as (Job | undefined)[];
    for (const job of jobs) if (job !== undefined) yield job;
    if (jobs.length < page) return;
  }
}

function describeFailure(job: Job): FailedJob {
  const { data } = archiveJobSchema.safeParse(job.data);
  const part = data?.segment === undefined ? '' : ` (segment ${data.segment.index})`;
  // One of another version has no name that this one can read.
  return {
    id: job.id!,
    input: (data?.name ?? job.id!) + part,
    reason: job.failedReason,
    attempts: job.attemptsStarted,
  };
}

async function rate(queue: Queue): Promise<number | null> {
  const { data } = await queue.getMetrics('completed', 0, RATE_MINUTES - 1);
  const minutes = (data as unknown as (number | string)[]).map(Number);
  return minutes.length === 0 ? null : minutes.reduce((sum, value) => sum + value, 0) / minutes.length;
}

/** Jobs read and removed at a time. */
const CHUNK = 1_000;

/**
 * Returns failed inputs and tasks to the queue. Of a divided one only the failed segments or parts run again.
 * @param ids those to retry; empty for all. The id of a segment or part stands for its input or task
 * @throws FerError CONFIG_INVALID for an id that is not among the failed ones, or whose input still runs
 */
export async function retryFailed(queue: Queue, ids: readonly string[]): Promise<number> {
  const jobs = new Map<string, Job>();
  if (ids.length === 0) for await (const job of failedJobs(queue)) jobs.set(job.id!, job);
  for (const id of ids) {
    const job = await failedInputOf(queue, id);
    jobs.set(job.id!, job);
  }
  let retried = 0;
  for (const job of jobs.values()) {
    // Among all, one of another version stays failed and does not keep the others from running.
    if (ids.length === 0 && !archiveJobSchema.safeParse(job.data).success) continue;
    const data = parseJob(job.data);
    // Its input or task adds it again.
    if (data.segment !== undefined || data.part !== undefined) continue;
    await job.updateData({ ...data, losses: 0, stallsForgiven: job.stalledCounter, again: true });
    await job.retry('failed', { resetAttemptsMade: true });
    retried += 1;
  }
  return retried;
}

/** A failed input or task by its own id, or by that of one of its failed segments or parts. */
async function failedInputOf(queue: Queue, id: string): Promise<Job> {
  const job = (await queue.getJob(id)) as Job | undefined;
  if (job === undefined || (await job.getState()) !== 'failed') {
    throw new FerError('CONFIG_INVALID', `${id}: is not a failed job; fer queue status lists them`);
  }
  const { input } = job.data as Partial<ArchiveJob>;
  if (input === undefined) return job;
  const parent = (await queue.getJob(input)) as Job | undefined;
  if (parent !== undefined && (await parent.getState()) === 'failed') return parent;
  throw new FerError(
    'CONFIG_INVALID',
    parent === undefined
      ? `${id}: its input is no longer in the queue; submit the input again`
      : `${id}: its input ${input} has not failed; retry it when it has`,
  );
}

/** Removes inputs and tasks that have not begun. Running jobs end, divided inputs and tasks are finished. */
export async function drainQueue(queue: Queue): Promise<number> {
  let removed = 0;
  for (const state of ['wait', 'prioritized', 'delayed'] as const) {
    removed += await removeIf(queue, state, (data) => Promise.resolve(!isDivided(data) && !isPiece(data)));
  }
  return removed;
}

/**
 * Removes finished jobs from the queue, but no segments and parts of an input or task that is still to be merged.
 * @param what "all" also stops what runs and removes what waits
 */
export async function purgeQueue(
  { queue, redis }: ArchiveQueue,
  what: 'completed' | 'failed' | 'all',
): Promise<number> {
  if (what === 'all') {
    const total = Object.values(await queue.getJobCounts()).reduce((sum, n) => sum + n, 0);
    await queue.obliterate({ force: true });
    await removeRuns(redis);
    return total;
  }
  return removeIf(queue, what, async (data) => {
    if (!isPiece(data) || data.input === undefined) return true;
    const state = await queue.getJobState(data.input);
    return state === 'unknown' || state === 'completed' || state === 'failed';
  });
}

/** Removes the jobs of a state for which `condition` holds, in constant memory. Returns how many. */
async function removeIf(
  queue: Queue,
  state: 'wait' | 'prioritized' | 'delayed' | 'completed' | 'failed',
  condition: (data: JobData) => Promise<boolean>,
): Promise<number> {
  let removed = 0;
  for (let kept = 0; ;) {
    const jobs = (await queue.getJobs([state], kept, kept + CHUNK - 1, true)) as (Job | undefined)[];
    if (jobs.length === 0) return removed;
    const counts = await Promise.all(
      jobs.map(async (job) => {
        if (job === undefined || !(await condition(job.data as JobData))) return 0;
        // 0 for one that a worker has taken meanwhile.
        return queue.remove(job.id!, { removeChildren: false });
      }),
    );
    const count = counts.reduce((sum, n) => sum + n, 0);
    removed += count;
    kept += jobs.length - count;
  }
}

/** Also of jobs of another version. */
type JobData = Partial<ArchiveJob>;

function isPiece({ segment, part }: JobData): boolean {
  return segment !== undefined || part !== undefined;
}

function isDivided({ segments, parts }: JobData): boolean {
  return segments !== undefined || parts !== undefined;
}

async function removeRuns(redis: Redis): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${KEY_PREFIX}:run:*`);
    if (keys.length > 0) await redis.del(...keys);
    cursor = next;
  } while (cursor !== '0');
}
