import type { ConnectionOptions, Job, Worker } from 'bullmq';
import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/fer-error.js';
import { KEY_PREFIX, QUEUE_NAME, parseJob, runKey, runSchema } from '../queue/archive-job.js';
import type { ArchiveJob, ArchiveResult, ArchiveRun, Segment } from '../queue/archive-job.js';
import { loadBullMq, redisOptions } from '../queue/redis-connection.js';
import type { ArchiveQueue, BullMq } from '../queue/redis-connection.js';
import { BEGUN, RETRY } from '../queue/submit.js';
import { WorkProcess } from './work-process.js';
import type { Work } from './work-protocol.js';

/** Milliseconds a job stays a worker's without renewal: a Redis that is away for less changes nothing. */
const LOCK = 60_000;
/** Milliseconds between two searches for jobs whose worker is gone. */
const STALLED_INTERVAL = 15_000;
/** Processes that one job may end before it fails. */
const MOST_LOSSES = 3;
/** Workers lost while they had the job, before it is given up: more, because a killed worker need not be the job's fault. */
const MOST_STALLS = 15;
/** Former owners of a job that are remembered. */
const MOST_OWNERS = 20;
/** Minutes of history from which rates are computed. */
const METRICS_MINUTES = 60;

/** Errors that another attempt may not meet; all others are final. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INPUT_STALLED',
  'OUTPUT_UNWRITABLE',
  'STORAGE_FAILED',
  'FOLDER_IN_USE',
  'WORKER_FAILED',
  'FFMPEG_FAILED',
  'INTERNAL',
]);

/** Result of a segment whose halves are done. */
const NOTHING_MORE: ArchiveResult = {
  state: 'skipped',
  frames: 0,
  degraded: false,
  note: null,
  outputs: [],
  seconds: 0,
};

/** Events of a worker. */
export type WorkerEvent =
  | { readonly event: 'started'; readonly concurrency: number }
  | { readonly event: 'job-started'; readonly id: string; readonly input: string; readonly step: Work['step'] }
  | {
      readonly event: 'job-done';
      readonly id: string;
      readonly input: string;
      readonly step: Work['step'];
      readonly frames: number;
      readonly seconds: number;
    }
  | { readonly event: 'job-divided'; readonly id: string; readonly input: string; readonly segments: number }
  | {
      readonly event: 'job-failed';
      readonly id: string;
      readonly input: string;
      readonly step: Work['step'];
      readonly code: ErrorCode;
      readonly reason: string;
      readonly final: boolean;
    }
  | { readonly event: 'job-returned'; readonly id: string; readonly input: string }
  | { readonly event: 'job-lost'; readonly id: string }
  | { readonly event: 'queue-away'; readonly reason: string }
  | { readonly event: 'queue-back' }
  | { readonly event: 'draining'; readonly running: number }
  | { readonly event: 'stopped' };

export interface WorkerOptions {
  readonly concurrency: number;
  readonly backend?: string | undefined;
  readonly onEvent?: (event: WorkerEvent) => void;
  readonly onProgress?: (id: string, input: string, frames: number, expectedFrames: number | null) => void;
  /** The program of the processes; for tests. */
  readonly processModule?: URL;
  /** Milliseconds; for tests. */
  readonly lockDuration?: number;
  readonly stalledInterval?: number;
}

/** Takes jobs from the queue and runs each in a separate process. */
export class ArchiveWorker {
  private readonly runs = new Map<string, ArchiveRun>();
  private readonly idle: WorkProcess[];
  private readonly processes: readonly WorkProcess[];
  private readonly running = new Set<string>();
  private readonly isOver = new AbortController();
  private isAway = false;

  private constructor(
    private readonly archive: ArchiveQueue,
    private readonly bullmq: BullMq,
    private readonly options: WorkerOptions,
    private readonly worker: Worker,
  ) {
    const { backend, processModule, concurrency } = options;
    this.processes = Array.from({ length: concurrency }, () => new WorkProcess(backend, processModule));
    this.idle = [...this.processes];
    worker.on('error', (error) => {
      if (!this.isAway) this.emit({ event: 'queue-away', reason: error.message });
      this.isAway = true;
    });
    worker.on('ready', () => {
      if (this.isAway) this.emit({ event: 'queue-back' });
      this.isAway = false;
    });
    worker.on('stalled', (id) => {
      this.emit({ event: 'job-lost', id });
    });
  }

  static async start(archive: ArchiveQueue, address: string, options: WorkerOptions): Promise<ArchiveWorker> {
    const bullmq = await loadBullMq();
    const { concurrency, lockDuration = LOCK, stalledInterval = STALLED_INTERVAL } = options;
    const self: { worker?: ArchiveWorker } = {};
    const worker = new bullmq.Worker(QUEUE_NAME, (job, token) => self.worker!.process(job, token ?? ''), {
      connection: redisOptions(address) as ConnectionOptions,
      prefix: KEY_PREFIX,
      skipVersionCheck: true,
      concurrency,
      autorun: false,
      lockDuration,
      stalledInterval,
      // Losses are counted here: a job that is lost too often fails with its reason.
      maxStalledCount: 1_000,
      metrics: { maxDataPoints: METRICS_MINUTES },
    });
    self.worker = new ArchiveWorker(archive, bullmq, options, worker);
    self.worker.emit({ event: 'started', concurrency });
    void worker.run();
    return self.worker;
  }

  get jobsRunning(): number {
    return this.running.size;
  }

  /**
   * Takes no further jobs, and waits for those that run. Those that still run after `patience` milliseconds go back into the queue.
   */
  async close(patience: number): Promise<void> {
    this.emit({ event: 'draining', running: this.running.size });
    const timer = setTimeout(() => {
      this.isOver.abort();
    }, patience);
    await this.worker.close();
    clearTimeout(timer);
    for (const each of this.processes) each.end();
    this.emit({ event: 'stopped' });
  }

  private emit(event: WorkerEvent): void {
    this.options.onEvent?.(event);
  }

  private async process(job: Job, token: string): Promise<ArchiveResult> {
    const id = job.id!;
    const process = this.idle.pop()!;
    const before = parseJob(job.data);
    const lostBy = (before.owners ?? []).filter((owner) => owner !== process.owner).slice(-MOST_OWNERS);
    const data = { ...before, owners: [...lostBy, process.owner] };
    this.running.add(id);
    try {
      await job.updateData(data);
      return await this.work(process, job, token, data, lostBy);
    } catch (error) {
      if (error instanceof this.bullmq.WaitingChildrenError) throw error;
      if (this.isOver.signal.aborted) {
        await job.moveToWait(token);
        this.emit({ event: 'job-returned', id, input: data.name });
        throw new this.bullmq.WaitingError();
      }
      throw await this.judge(job, data, error);
    } finally {
      this.idle.push(process);
      this.running.delete(id);
    }
  }

  private async work(
    process: WorkProcess,
    job: Job,
    token: string,
    data: ArchiveJob,
    lostBy: readonly string[] = [],
  ): Promise<ArchiveResult> {
    const id = job.id!;
    const losses = data.losses ?? 0;
    const stalls = job.stalledCounter;
    const segments = data.segments === undefined ? undefined : await this.requireSegments(job, token, data);
    const step = segments !== undefined ? 'merge' : data.segment !== undefined ? 'segment' : 'file';
    if ((losses >= MOST_LOSSES || stalls >= MOST_STALLS) && step !== 'merge') {
      throw new FerError('WORKER_FAILED', `${data.name}: ${losses + stalls} processes died on it; not retried`);
    }
    if (data.segment !== undefined && segments !== undefined) return NOTHING_MORE;
    if (data.kind === 'cells') return this.runCells(process, id, data);
    const run = await this.run(data.run);
    this.emit({ event: 'job-started', id, input: data.name, step });
    const input = data.input ?? id;
    // What two processes did not survive is divided: perhaps one half goes well, and the other is smaller.
    const divide = losses + stalls >= MOST_LOSSES - 1 && step !== 'merge';
    const done = await process.run(
      {
        run,
        job: data,
        input,
        step,
        ...(segments && { segments }),
        ...(divide && { divide }),
        ...(lostBy.length > 0 && { lostBy }),
      },
      {
        signal: this.isOver.signal,
        onProgress: ({ frames, expectedFrames }) => this.options.onProgress?.(id, data.name, frames, expectedFrames),
      },
    );
    if (done.type === 'divided') {
      this.emit({ event: 'job-divided', id, input: data.name, segments: done.segments.length });
      const divided = { ...data, segments: [...done.segments], hash: done.hash };
      await job.updateData(divided);
      await this.requireSegments(job, token, divided);
      // All of them exist already: continue with the merge.
      return this.work(process, job, token, divided);
    }
    const { frames, seconds } = done.result;
    this.emit({ event: 'job-done', id, input: data.name, step, frames, seconds });
    return done.result;
  }

  /**
   * Puts segments into the queue, and the job aside until they are done. Returns them (halves instead of halved ones) once they are.
   * @throws WaitingChildrenError while they are not; FerError when one failed
   */
  private async requireSegments(job: Job, token: string, data: ArchiveJob): Promise<Segment[]> {
    const { queue } = this.archive;
    const own = idsOf({ input: data.input ?? job.id! }, data.segments!);
    if (data.again === true) await this.forgetFailed(own.map(({ id }) => id));
    // What has begun ends before the next input begins.
    if (job.priority !== BEGUN) await job.changePriority({ priority: BEGUN });
    const { segments: _, again: __, losses: ___, owners: ____, ...common } = data;
    const states = await Promise.all(own.map(({ id }) => queue.getJobState(id)));
    // Added again, a failed segment would be waited for again.
    const open = own.filter((_one, i) => states[i] !== 'failed');
    await queue.addBulk(
      open.map(({ segment, id }) => ({
        name: 'segment',
        data: { ...common, segment, input: data.input ?? job.id! } satisfies ArchiveJob,
        opts: {
          jobId: id,
          priority: BEGUN,
          parent: { id: job.id!, queue: queue.qualifiedName },
          ignoreDependencyOnFailure: true,
          attempts: job.opts.attempts ?? RETRY.attempts,
          backoff: job.opts.backoff ?? RETRY.backoff,
        },
      })),
    );
    if (data.again === true) await job.updateData({ ...data, again: false });
    if (await job.moveToWaitingChildren(token)) throw new this.bullmq.WaitingChildrenError();
    return this.finishedSegments({ ...data, input: data.input ?? job.id! }, own);
  }

  /** In order; halves instead of a segment that was halved. */
  private async finishedSegments(
    data: ArchiveJob,
    wanted: readonly { readonly segment: Segment; readonly id: string }[],
  ): Promise<Segment[]> {
    const done: Segment[] = [];
    for (const { segment, id } of wanted) {
      const child = (await this.archive.queue.getJob(id)) as Job | undefined;
      if (child === undefined) throw new FerError('INTERRUPTED', `${data.name}: segment ${segment.index} was purged`);
      if ((await child.getState()) !== 'completed') {
        const reason = child.failedReason.replace(/ \[\w+\]$/, '');
        throw new FerError('INPUT_UNREADABLE', `segment ${segment.index} failed: ${reason}`);
      }
      const { segments } = parseJob(child.data);
      done.push(...(segments === undefined ? [segment] : await this.finishedSegments(data, idsOf(data, segments))));
    }
    return done;
  }

  private async forgetFailed(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const child = (await this.archive.queue.getJob(id)) as Job | undefined;
      if (child !== undefined && (await child.getState()) === 'failed') await child.remove();
    }
  }

  private async runCells(process: WorkProcess, id: string, job: ArchiveJob): Promise<ArchiveResult> {
    const step = 'cells';
    this.emit({ event: 'job-started', id, input: job.name, step });
    const done = await process.run({ step, job }, { signal: this.isOver.signal });
    if (done.type === 'divided') throw new FerError('INTERNAL', `${job.name}: was divided`);
    this.emit({ event: 'job-done', id, input: job.name, step, frames: 0, seconds: done.result.seconds });
    return done.result;
  }

  private async run(hash: string): Promise<ArchiveRun> {
    const known = this.runs.get(hash);
    if (known !== undefined) return known;
    const text = await this.archive.redis.get(runKey(hash));
    if (text === null) {
      throw new FerError('INTERRUPTED', 'the settings of this job were purged; submit its input again');
    }
    const run = runSchema.parse(JSON.parse(text));
    this.runs.set(hash, run);
    return run;
  }

  /** The error for BullMQ: it decides about retries. */
  private async judge(job: Job, data: ArchiveJob, error: unknown): Promise<Error> {
    const { code, message } = FerError.from(error);
    const isLoss = code === 'WORKER_FAILED';
    const isFinal = !PASSING.has(code) || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    if (isLoss) await job.updateData({ ...data, losses: (data.losses ?? 0) + 1 });
    const step = data.kind === 'cells' ? 'cells' : data.segment === undefined ? 'file' : 'segment';
    this.emit({ event: 'job-failed', id: job.id!, input: data.name, step, code, reason: message, final: isFinal });
    const reason = `${message} [${code}]`;
    return isFinal ? new this.bullmq.UnrecoverableError(reason) : new Error(reason);
  }
}

function idsOf({ input }: Pick<ArchiveJob, 'input'>, segments: readonly Segment[]): { segment: Segment; id: string }[] {
  return segments.map((segment) => ({ segment, id: `${input!}-${segment.index}` }));
}
