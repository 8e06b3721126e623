import type { ErrorCode } from './codes.js';

/**
 * The one error type of ferstream. `code` is stable and meant to be branched on; `message` is one line that
 * names the input, says what is wrong and what to do about it; `cause` keeps the original error.
 */
export class FerError extends Error {
  override readonly name = 'FerError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** `error` itself when it is a FerError already, else an INTERNAL one that wraps it. */
  static from(error: unknown): FerError {
    if (error instanceof FerError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new FerError('INTERNAL', text, { cause: error });
  }
}
