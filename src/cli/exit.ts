import type { ErrorCode } from '../errors/codes.js';

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
  return controller.signal;
}
