import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { FerError } from '../../errors/fer-error.js';
import { KEY_PREFIX, parseJob } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';
import { failedJobs } from './queue-status.js';

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
