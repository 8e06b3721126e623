import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, Job, Worker } from 'bullmq';
import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/fer-error.js';
import { KEY_PREFIX, QUEUE_NAME, parseJob, runKey, runSchema } from '../queue/archive-job.js';
import type { ArchiveJob, ArchiveResult, ArchiveRun, Part, Segment } from '../queue/archive-job.js';
import { CLOSE_TIMEOUT, loadBullMq, redisOptions, within } from '../queue/redis-connection.js';
import type { ArchiveQueue, BullMq } from '../queue/redis-connection.js';
import { BEGUN, RETRY } from '../queue/submit.js';
import { openTrace } from './tracing.js';
import type { Trace } from './tracing.js';
import { ABORT_PATIENCE, WorkProcess } from './work-process.js';
import type { Work } from './work-process.js';
import type { WorkerEvent } from './worker-event.js';

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

/** What an input or a task is divided into. */
type Piece = Segment | Part;

/** Result of a segment whose halves are done. */
const NOTHING_MORE: ArchiveResult = {
  state: 'skipped',
  frames: 0,
  degraded: false,
  note: null,
  outputs: [],
  seconds: 0,
};

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
    private readonly trace: Trace,
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
    const trace = await openTrace();
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
    self.worker = new ArchiveWorker(archive, bullmq, options, worker, trace);
    self.worker.emit({ event: 'started', concurrency });
    void self.worker.takeJobs();
    return self.worker;
  }

  /** Until it is closed: BullMQ's loop ends with an error where Redis goes away at the wrong moment. */
  private async takeJobs(): Promise<void> {
    while (!this.worker.closing) {
      await this.worker.run().catch((error: unknown) => this.worker.emit('error', error as Error));
      await sleep(1000, undefined, { ref: false });
    }
  }

  get jobsRunning(): number {
    return this.running.size;
  }

  /**
   * Takes no further jobs, and waits for those that run. Those that still run after `patience` milliseconds go back into the queue. Without Redis it
   * ends all the same, a moment later.
   */
  async close(patience: number): Promise<void> {
    this.emit({ event: 'draining', running: this.running.size });
    const timer = setTimeout(() => {
      this.isOver.abort();
    }, patience);
    const closing = this.worker.close();
    // A process may take this long to give its job back.
    const ending = this.running.size > 0 ? ABORT_PATIENCE : 0;
    // Returning jobs needs Redis; where it stays away, its locks expire and other workers take them.
    if (!(await within(patience + ending + CLOSE_TIMEOUT, closing))) this.worker.disconnect().catch(() => undefined);
    clearTimeout(timer);
    for (const each of this.processes) each.end();
    this.emit({ event: 'stopped' });
  }

  private emit(event: WorkerEvent): void {
    this.options.onEvent?.(event);
  }

  private async process(job: Job, token: string): Promise<ArchiveResult> {
    const id = job.id!;
    // There are as many processes as jobs at a time.
    const process = this.idle.pop()!;
    this.running.add(id);
    let data: ArchiveJob | null = null;
    try {
      const before = parseJob(job.data);
      const lostBy = (before.owners ?? []).filter((owner) => owner !== process.owner).slice(-MOST_OWNERS);
      data = { ...before, owners: [...lostBy, process.owner] };
      await job.updateData(data);
      return await this.work(process, job, token, data, lostBy);
    } catch (error) {
      if (error instanceof this.bullmq.WaitingChildrenError) throw error;
      if (this.isOver.signal.aborted) {
        await job.moveToWait(token);
        this.emit({ event: 'job-returned', id, input: data?.name ?? id });
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
    const pieces = piecesOf(data) === null ? null : await this.requirePieces(job, token, data);
    const step = stepOf(data);
    const losses = data.losses ?? 0;
    const stalls = job.stalledCounter - (data.stallsForgiven ?? 0);
    const deaths = losses + stalls;
    if ((losses >= MOST_LOSSES || stalls >= MOST_STALLS) && pieces === null) throw new GivenUp(data.name, deaths);
    if (data.segment !== undefined && pieces !== null) return NOTHING_MORE;
    const work = await this.workOf(step, id, data, pieces, deaths, lostBy);
    this.emit({ event: 'job-started', id, input: data.name, step });
    const attributes = { 'ferstream.job': id, 'ferstream.input': data.name, 'ferstream.attempt': job.attemptsMade + 1 };
    const done = await this.trace(`ferstream ${step}`, attributes, () =>
      process.run(work, {
        signal: this.isOver.signal,
        onProgress: ({ frames, expectedFrames }) => this.options.onProgress?.(id, data.name, frames, expectedFrames),
      }),
    );
    if (done.type !== 'finished') {
      const divided =
        done.type === 'split'
          ? { ...data, parts: [...done.parts] }
          : { ...data, segments: [...done.segments], hash: done.hash };
      this.emit({ event: 'job-divided', id, input: data.name, parts: piecesOf(divided)!.length });
      await job.updateData(divided);
      await this.requirePieces(job, token, divided);
      // All of them exist already: continue with the merge.
      return this.work(process, job, token, divided);
    }
    const { frames, seconds } = done.result;
    this.emit({ event: 'job-done', id, input: data.name, step, frames, seconds });
    return done.result;
  }

  /** @param deaths processes and workers that were lost with the job */
  private async workOf(
    step: Work['step'],
    id: string,
    data: ArchiveJob,
    pieces: readonly Piece[] | null,
    deaths: number,
    lostBy: readonly string[],
  ): Promise<Work> {
    const input = data.input ?? id;
    if (step === 'split' || step === 'part' || step === 'merge-parts') {
      return { step, job: data, input, ...(pieces && { parts: pieces as Part[] }) };
    }
    return {
      run: await this.run(data.run),
      job: data,
      input,
      step,
      ...(pieces && { segments: pieces as Segment[] }),
      // What two processes did not survive is divided: perhaps one half goes well, and the other is smaller.
      ...(deaths >= MOST_LOSSES - 1 && pieces === null && { divide: true }),
      ...(lostBy.length > 0 && { lostBy }),
    };
  }

  /**
   * Puts segments or parts into the queue, and the job aside until they are done. Returns them (halves instead of halved ones) once they are.
   * @throws WaitingChildrenError while they are not; FerError when one failed
   */
  private async requirePieces(job: Job, token: string, data: ArchiveJob): Promise<Piece[]> {
    const { queue } = this.archive;
    const input = data.input ?? job.id!;
    const own = idsOf(input, piecesOf(data)!);
    if (data.again === true) await this.forgetFailed(own.map(({ id }) => id));
    // What has begun ends before the next input begins.
    if (job.priority !== BEGUN) await job.changePriority({ priority: BEGUN });
    const { segments: _, parts: _parts, again: __, losses: ___, stallsForgiven: ____, owners: _____, ...common } = data;
    const states = await Promise.all(own.map(({ id }) => queue.getJobState(id)));
    // Added again, a failed one would be waited for again.
    const open = own.filter((_one, i) => states[i] !== 'failed');
    await queue.addBulk(
      open.map(({ piece, id }) => ({
        name: isPart(piece) ? 'part' : 'segment',
        data: {
          ...common,
          ...(isPart(piece) ? { part: piece, name: piece.name } : { segment: piece }),
          input,
        } satisfies ArchiveJob,
        opts: {
          jobId: id,
          // The parts of a long training do not hold up everybody else's inputs.
          priority: isPart(piece) ? (job.opts.priority ?? BEGUN) : BEGUN,
          parent: { id: job.id!, queue: queue.qualifiedName },
          ignoreDependencyOnFailure: true,
          attempts: job.opts.attempts ?? RETRY.attempts,
          backoff: job.opts.backoff ?? RETRY.backoff,
        },
      })),
    );
    if (data.again === true) await job.updateData({ ...data, again: false });
    if (await job.moveToWaitingChildren(token)) throw new this.bullmq.WaitingChildrenError();
    return this.finishedPieces(data.name, input, own);
  }

  /** In order; halves instead of a segment that was halved. */
  private async finishedPieces(name: string, input: string, wanted: readonly PieceJob[]): Promise<Piece[]> {
    const done: Piece[] = [];
    for (const { piece, id } of wanted) {
      const what = isPart(piece) ? piece.name : `segment ${piece.index}`;
      const child = (await this.archive.queue.getJob(id)) as Job | undefined;
      if (child === undefined) throw new FerError('INTERRUPTED', `${name}: ${what} was purged`);
      if ((await child.getState()) !== 'completed') {
        const [, reason, code] = /^([^]*?)(?: \[(\w+)\])?$/.exec(child.failedReason)!;
        // An error that may pass has been retried often enough.
        const isFinal = code !== undefined && !PASSING.has(code as ErrorCode);
        throw new FerError(isFinal ? (code as ErrorCode) : 'INPUT_UNREADABLE', `${what} failed: ${reason}`);
      }
      const { segments } = parseJob(child.data);
      done.push(...(segments === undefined ? [piece] : await this.finishedPieces(name, input, idsOf(input, segments))));
    }
    return done;
  }

  /**
   * Removes failed pieces, so that they are added again. Where none failed, the merge did, perhaps because what a piece wrote is gone or
   * damaged: then all of them. A piece that is done already ends at once.
   */
  private async forgetFailed(ids: readonly string[]): Promise<void> {
    const { queue } = this.archive;
    const states = await Promise.all(ids.map((id) => queue.getJobState(id)));
    const failed = ids.filter((_, i) => states[i] === 'failed');
    const finished = ids.filter((_, i) => states[i] === 'completed');
    // With their halves.
    for (const id of failed.length > 0 ? failed : finished) await queue.remove(id);
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

  /**
   * The error for BullMQ: it decides about retries.
   * @param data null for a job that this version cannot read
   */
  private async judge(job: Job, data: ArchiveJob | null, error: unknown): Promise<Error> {
    const { code, message } = FerError.from(error);
    const isGivenUp = error instanceof GivenUp;
    const isLoss = code === 'WORKER_FAILED' && !isGivenUp;
    const isFinal = isGivenUp || !PASSING.has(code) || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    if (isLoss && data !== null) await job.updateData({ ...data, losses: (data.losses ?? 0) + 1 });
    const step = data === null ? 'file' : stepOf(data);
    const input = data?.name ?? job.id!;
    this.emit({ event: 'job-failed', id: job.id!, input, step, code, reason: message, final: isFinal });
    const reason = `${message} [${code}]`;
    return isFinal ? new this.bullmq.UnrecoverableError(reason) : new Error(reason);
  }
}

/** Too many processes died on a job: final, although a dead process may pass. */
class GivenUp extends FerError {
  constructor(name: string, deaths: number) {
    super('WORKER_FAILED', `${name}: ${deaths} processes died on it; not retried`);
  }
}

interface PieceJob {
  readonly piece: Piece;
  readonly id: string;
}

function idsOf(input: string, pieces: readonly Piece[]): PieceJob[] {
  return pieces.map((piece) => ({ piece, id: `${input}-${piece.index}` }));
}

/** Null for what is not divided. */
function piecesOf({ segments, parts }: ArchiveJob): readonly Piece[] | null {
  return segments ?? parts ?? null;
}

function isPart(piece: Piece): piece is Part {
  return 'value' in piece;
}

function stepOf(data: ArchiveJob): Work['step'] {
  if (data.task !== undefined)
    return data.part !== undefined ? 'part' : data.parts !== undefined ? 'merge-parts' : 'split';
  return data.segments !== undefined ? 'merge' : data.segment !== undefined ? 'segment' : 'file';
}
