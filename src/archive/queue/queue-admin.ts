import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { FerError } from '../../errors/fer-error.js';
import { KEY_PREFIX, archiveJobSchema, parseJob } from './archive-job.js';
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
export async function* failedJobs(queue: Queue, page = 500): AsyncGenerator<Job> {
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

/** Jobs removed by one command. */
const CHUNK = 1_000;

/**
 * Returns failed inputs to the queue. Of a divided input only the failed segments run again.
 * @param ids those to retry; empty for all
 * @throws FerError CONFIG_INVALID for an id that is not among the failed ones
 */
export async function retryFailed(queue: Queue, ids: readonly string[]): Promise<number> {
  const jobs: Job[] = [];
  if (ids.length === 0) for await (const job of failedJobs(queue)) jobs.push(job);
  for (const id of ids) {
    const job = (await queue.getJob(id)) as Job | undefined;
    if (job === undefined || (await job.getState()) !== 'failed') {
      throw new FerError('CONFIG_INVALID', `${id}: is not a failed job; fer queue status lists them`);
    }
    jobs.push(job);
  }
  let retried = 0;
  for (const job of jobs) {
    // Among all, one of another version stays failed and does not keep the others from running.
    if (ids.length === 0 && !archiveJobSchema.safeParse(job.data).success) continue;
    const data = parseJob(job.data);
    // Its input or task adds it again.
    if (data.segment !== undefined || data.part !== undefined) continue;
    await job.updateData({ ...data, losses: 0, again: true });
    await job.retry('failed', { resetAttemptsMade: true });
    retried += 1;
  }
  return retried;
}

/** Removes what has not begun. Running jobs end, divided inputs are finished. */
export async function drainQueue(queue: Queue): Promise<number> {
  const before = await queue.getJobCountByTypes('wait', 'prioritized', 'delayed');
  await queue.drain(true);
  return before - (await queue.getJobCountByTypes('wait', 'prioritized', 'delayed'));
}

/**
 * Forgets finished inputs.
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
  let removed = 0;
  for (;;) {
    const ids = await queue.clean(0, CHUNK, what);
    removed += ids.length;
    if (ids.length < CHUNK) return removed;
  }
}

async function removeRuns(redis: Redis): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${KEY_PREFIX}:run:*`);
    if (keys.length > 0) await redis.del(...keys);
    cursor = next;
  } while (cursor !== '0');
}
