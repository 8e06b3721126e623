import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/fer-error.js';
import { temporaryOwner } from '../../files/temporary-name.js';
import { siblingModule } from '../../workers/worker-client.js';
import type { ArchiveJob, ArchiveResult, ArchiveRun, Part, Segment } from '../queue/archive-job.js';

// The channel between a worker and its process for inference: messages, the side of the process, the side of the worker.

/** One step of a job, as sent to a worker process. */
export type Work = AnnotationWork | TaskWork;

export interface TaskWork {
  readonly step: 'split' | 'part' | 'merge-parts';
  readonly job: ArchiveJob;
  /** Id of the task's job. */
  readonly input: string;
  /** For a merge: all of them, in order. */
  readonly parts?: readonly Part[];
}

export interface AnnotationWork {
  readonly run: ArchiveRun;
  readonly job: ArchiveJob;
  /** Id of the input's job: names what its segments leave. */
  readonly input: string;
  readonly step: 'file' | 'segment' | 'merge';
  /** For a merge: the segments in order, halves instead of those that were halved. */
  readonly segments?: readonly Segment[];
  /** After a lost process: divide the input whatever its length. */
  readonly divide?: boolean;
  /** The processes that had the job before. */
  readonly lostBy?: readonly string[];
}

/** A finished step: a result, or what the input or task is divided into. */
export type WorkResult =
  | { readonly type: 'finished'; readonly result: ArchiveResult }
  | { readonly type: 'divided'; readonly segments: readonly Segment[]; readonly hash: string | null }
  | { readonly type: 'split'; readonly parts: readonly Part[] };

export interface StepOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (frames: number, expectedFrames: number | null) => void;
}

export type ToProcess = { readonly type: 'work'; readonly work: Work } | { readonly type: 'abort' };

export type FromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly frames: number; readonly expectedFrames: number | null }
  | { readonly type: 'done'; readonly value: WorkResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Milliseconds between two reports of progress. */
const PROGRESS_PAUSE = 1_000;

/** Answers a `WorkProcess` from within its process: one step after the other. Ends with the worker that started it. */
export function serveSteps(runner: { run(work: Work, options: StepOptions): Promise<WorkResult> }): void {
  let stop = new AbortController();
  let reported = 0;
  process.once('disconnect', () => process.exit());
  process.on('message', (message: ToProcess) => {
    if (message.type === 'abort') {
      stop.abort();
      return;
    }
    stop = new AbortController();
    const onProgress = (frames: number, expectedFrames: number | null): void => {
      const now = performance.now();
      if (now - reported < PROGRESS_PAUSE) return;
      reported = now;
      answer({ type: 'progress', frames, expectedFrames });
    };
    runner.run(message.work, { signal: stop.signal, onProgress }).then(
      (value) => {
        answer({ type: 'done', value });
      },
      (error: unknown) => {
        const { code, message: text } = FerError.from(error);
        answer({ type: 'failed', code, message: text });
      },
    );
  });

  answer({ type: 'ready' });
}

function answer(message: FromProcess): void {
  if (process.connected) process.send!(message, () => undefined);
}

/** Milliseconds between an abort and the end of the process by force. */
export const ABORT_PATIENCE = 10_000;

export interface WorkOptions {
  /** Stops after the current frame. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: FromProcess & { readonly type: 'progress' }) => void;
}

/**
 * A process for inference, so that neither a long computation stops the worker from renewing its locks, nor a crash of an engine or
 * a lack of memory ends it. It is started with the first work, kept, and replaced when it ends.
 */
export class WorkProcess {
  private child: ChildProcess | null = null;

  /** @param backend engine; undefined takes the fastest that works */
  constructor(
    private readonly backend: string | undefined,
    private readonly module: URL = siblingModule(import.meta.url, 'process-main'),
  ) {}

  /** Marks the files of the process; starts it if it does not run. */
  get owner(): string {
    return temporaryOwner(this.running().pid ?? 0);
  }

  /**
   * Does one step; one at a time.
   * @throws FerError what the step threw; INTERRUPTED when aborted; WORKER_FAILED when the process ended
   */
  async run(work: Work, { signal, onProgress }: WorkOptions = {}): Promise<WorkResult> {
    const child = this.running();
    let force: NodeJS.Timeout | undefined;
    const abort = (): void => {
      send(child, { type: 'abort' });
      force = setTimeout(() => child.kill('SIGKILL'), ABORT_PATIENCE);
    };
    try {
      return await new Promise<WorkResult>((resolve, reject) => {
        child.on('message', (message: FromProcess) => {
          if (message.type === 'progress') onProgress?.(message);
          else if (message.type === 'done') resolve(message.value);
          else if (message.type === 'failed') reject(new FerError(message.code, message.message));
        });
        child.once('exit', (code, reason) => {
          reject(
            signal?.aborted === true
              ? new FerError('INTERRUPTED', `${work.job.name}: stopped`)
              : new FerError('WORKER_FAILED', `${work.job.name}: its process ended (${reason ?? `exit code ${code}`})`),
          );
        });
        if (hasEnded(child)) {
          reject(new FerError('WORKER_FAILED', `${work.job.name}: its process ended before it began`));
          return;
        }
        signal?.addEventListener('abort', abort, { once: true });
        send(child, { type: 'work', work });
        if (signal?.aborted === true) abort();
      });
    } finally {
      clearTimeout(force);
      signal?.removeEventListener('abort', abort);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      if (hasEnded(child)) this.child = null;
    }
  }

  /** Ends the process, whatever it is doing. */
  end(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
  }

  /** A process that ended while it was idle is replaced. */
  private running(): ChildProcess {
    if (this.child === null || hasEnded(this.child)) this.child = this.start();
    return this.child;
  }

  private start(): ChildProcess {
    const loader = this.module.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
    const child = fork(this.module, this.backend === undefined ? [] : [this.backend], {
      execArgv: loader,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A Ctrl-C on the terminal is the worker's to handle.
      detached: process.platform !== 'win32',
    });
    child.on('error', () => undefined);
    return child;
  }
}

/** Also true without an id: a process for which the system had no room never starts, and so never exits. */
function hasEnded({ pid, exitCode, signalCode, connected }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null || !connected;
}

function send(child: ChildProcess, message: ToProcess): void {
  if (child.connected) child.send(message, () => undefined);
}
