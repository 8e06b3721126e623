import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/fer-error.js';
import type { ArchiveJob, ArchiveResult, ArchiveRun, Part, Segment } from '../queue/archive-job.js';

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
      send({ type: 'progress', frames, expectedFrames });
    };
    runner.run(message.work, { signal: stop.signal, onProgress }).then(
      (value) => {
        send({ type: 'done', value });
      },
      (error: unknown) => {
        const { code, message: text } = FerError.from(error);
        send({ type: 'failed', code, message: text });
      },
    );
  });

  send({ type: 'ready' });
}

function send(message: FromProcess): void {
  if (process.connected) process.send!(message, () => undefined);
}
