import type { ErrorCode } from '../errors/fer-error.js';

/** What `fer` tells the shell. */
export const EXIT = {
  ok: 0,
  /** The batch ran; some inputs failed. */
  someFailed: 1,
  /** Invalid command line or setting. */
  usage: 2,
  /** The machine lacks something the job needs: engine, ffmpeg, weights, a writable folder. */
  cannotRun: 3,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** The program that read our output ended first, as with `| head` (128 + SIGPIPE). */
  readerGone: 141,
} as const;

const USAGE_CODES: ReadonlySet<ErrorCode> = new Set(['USAGE', 'CONFIG_INVALID']);

/** The exit code for an error that ended the whole command. */
export function exitCodeFor(code: ErrorCode): number {
  if (USAGE_CODES.has(code)) return EXIT.usage;
  if (code === 'INTERRUPTED') return EXIT.interrupted;
  return code.startsWith('INPUT_') ? EXIT.someFailed : EXIT.cannotRun;
}

/**
 * A signal aborted by the first Ctrl-C (or SIGTERM), so that work stops cleanly. The second one kills the process.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      controller.abort();
    });
  }
  interrupts.add(controller);
  return controller.signal;
}

const interrupts = new Set<AbortController>();
let hasReaderGone = false;

/** Whether the program that reads our output has ended, so printing is pointless. */
export function isReaderGone(): boolean {
  return hasReaderGone;
}

/** Ends quietly when the program that reads our output ends: running work stops as with Ctrl-C. */
export function watchReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
      hasReaderGone = true;
      if (interrupts.size === 0) process.exit(EXIT.readerGone);
      for (const interrupt of interrupts) interrupt.abort();
    });
  }
  process.on('exit', () => {
    if (hasReaderGone) process.exitCode = EXIT.readerGone;
  });
}
