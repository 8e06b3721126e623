import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Job, Queue } from 'bullmq';
import type { TaskSubmission } from '../archive/queue/submit.js';
import { FerError, printable } from '../errors/fer-error.js';
import { EXIT } from './exit.js';
import { WORKERS_DECIDE, refuseOptions, submitOption, warn, wholeNumber } from './options.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';

/** Milliseconds between two looks at the parts. */
const PAUSE = 1_000;

export const SAMPLES_PER_JOB = 500;

export interface QueuedFlags {
  readonly queue?: string | undefined;
  readonly wait?: boolean | undefined;
  readonly samplesPerJob: number;
}

/** Options of a command whose work is split into samples. */
export function addQueueOptions(command: Command): Command {
  return command
    .addOption(submitOption())
    .option('--wait', 'with --queue: wait until it is done')
    .option(
      '--samples-per-job <n>',
      'with --queue: samples that a worker takes at a time',
      wholeNumber(1),
      SAMPLES_PER_JOB,
    );
}

/** Refuses options that would have no effect. @throws FerError USAGE */
export function checkQueueOptions(command: Command): void {
  const { queue } = command.opts<Partial<QueuedFlags>>();
  if (queue === undefined) refuseOptions(command, ['wait', 'samplesPerJob'], 'needs --queue');
  else refuseOptions(command, ['backend', 'workers'], WORKERS_DECIDE);
}

export interface TaskIo {
  readonly write: (line: string) => void;
  readonly progress: ProgressTarget;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Submits a task, and with `wait` stays until it has ended.
 * @returns the exit code; null when it is done and its results can be read
 */
export async function runQueued(
  address: string,
  task: TaskSubmission,
  { wait = false }: Pick<QueuedFlags, 'wait'>,
  { write, progress: target, signal }: TaskIo,
): Promise<number | null> {
  const { openQueue } = await import('../archive/queue/redis-connection.js');
  const { submitTask } = await import('../archive/queue/submit.js');
  const { waitFor } = await import('../archive/queue/wait.js');
  const archive = await openQueue(address, warn);
  const isOver = new AbortController();
  const progress = new Progress(target, 'parts');
  try {
    const { id, isNew } = await submitTask(archive, task);
    write(printable(`${isNew ? 'submitted' : 'submitted earlier'}: ${task.title}`));
    if (!wait) {
      write(printable(`workers write ${task.path}; progress: fer queue status`));
      return EXIT.ok;
    }
    void showParts(archive.queue, id, task.title, progress, isOver.signal).catch(() => undefined);
    for await (const ended of waitFor(archive, Readable.from([[id, task.title] as const]), signal)) {
      if (!('failure' in ended)) continue;
      write(printable(`failed: ${ended.failure}`));
      return EXIT.someFailed;
    }
    return null;
  } catch (error) {
    if (!(error instanceof FerError) || error.code !== 'INTERRUPTED') throw error;
    write('interrupted; workers do what was submitted, the same command continues');
    return EXIT.interrupted;
  } finally {
    isOver.abort();
    progress.clear();
    await archive.close();
  }
}

async function showParts(
  queue: Queue,
  id: string,
  title: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for (let isStarted = false; ;) {
    const job = (await queue.getJob(id)) as Job | undefined;
    const { processed = 0, ignored = 0, unprocessed = 0 } = (await job?.getDependenciesCount()) ?? {};
    signal.throwIfAborted();
    const total = processed + ignored + unprocessed;
    if (total > 0) {
      if (!isStarted) progress.start(title, total);
      isStarted = true;
      progress.update(processed + ignored);
    }
    await delay(PAUSE, undefined, { signal });
  }
}
