import type { ErrorCode } from '../errors/fer-error.js';
import { writeError } from '../files/write-error.js';

/** What `fer` tells the shell. */
export const EXIT = {
  ok: 0,
  /** Inputs failed, or the work did. */
  someFailed: 1,
  /** Invalid command line or setting. */
  usage: 2,
  /** The machine lacks something the job needs: engine, ffmpeg, weights, a package, the queue, a writable folder. */
  cannotRun: 3,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** The program that read our output ended first, as with `| head` (128 + SIGPIPE). */
  readerGone: 141,
} as const;

const CANNOT_RUN_CODES: ReadonlySet<ErrorCode> = new Set([
  'FFMPEG_MISSING',
  'BACKEND_UNAVAILABLE',
  'BACKEND_MISMATCH',
  'WEIGHTS_MISSING',
  'OUTPUT_UNWRITABLE',
  'PACKAGE_MISSING',
  'STORAGE_FAILED',
  'QUEUE_UNREACHABLE',
  'QUEUE_UNSAFE',
]);
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set(['USAGE', 'CONFIG_INVALID']);

/** The exit code for an error that ended the whole command. */
export function exitCodeFor(code: ErrorCode): number {
  if (USAGE_CODES.has(code)) return EXIT.usage;
  if (code === 'INTERRUPTED') return EXIT.interrupted;
  return CANNOT_RUN_CODES.has(code) ? EXIT.cannotRun : EXIT.someFailed;
}

/**
 * A signal aborted by the first Ctrl-C (or SIGTERM), so that work stops cleanly. The second one kills the process.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const stop = (): void => {
    for (const name of names) process.off(name, stop);
    controller.abort();
  };
  for (const name of names) process.on(name, stop);
  interrupts.add(controller);
  return controller.signal;
}

const interrupts = new Set<AbortController>();
/** Exit code when standard output or standard error could not be written. */
let outputLost: number | null = null;

/** Whether nobody gets our output any more, so printing is pointless. */
export function isReaderGone(): boolean {
  return outputLost !== null;
}

/** Stops running work as Ctrl-C does when the program that reads our output ends (quietly), or the output cannot be written. */
export function watchReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (outputLost !== null) return;
      const isGone = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
      outputLost = isGone ? EXIT.readerGone : EXIT.cannotRun;
      if (!isGone && stream === process.stdout)
        process.stderr.write(`fer: ${writeError('standard output', error).message}\n`);
      if (interrupts.size === 0) process.exit(outputLost);
      for (const interrupt of interrupts) interrupt.abort();
    });
  }
  process.on('exit', () => {
    if (outputLost !== null) process.exitCode = outputLost;
  });
}
