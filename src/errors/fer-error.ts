/**
 * Text from outside (names of files and people, what servers and programs say) on one line, without anything that a terminal or a
 * player would read as a command: control characters, line separators, and marks that reverse the direction of text.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}

/** @throws FerError INTERRUPTED once the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted === true)
    throw new FerError('INTERRUPTED', `${name}: stopped before its end`, { cause: signal.reason });
}

/** The result of a promise, or null as soon as the signal is aborted. The work continues, and what it rejects with later is ignored. */
export async function unlessAborted<T extends object>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | null> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    stop = () => {
      resolve(null);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    if (signal.aborted) work.catch(() => undefined);
  }
}

/** All error codes with their meaning. A test keeps `docs/errors.md` equal; that page adds what to do. */
export const ERROR_CODES = {
  USAGE: 'An invalid command line, option or call.',
  CONFIG_INVALID: 'A setting with an unknown name, of the wrong type or out of range.',
  INPUT_NOT_FOUND: 'No such file, folder or URL, or a glob without matches.',
  INPUT_UNREADABLE: 'ffmpeg cannot decode the input as video or image.',
  INPUT_NO_VIDEO: 'The input has no video stream.',
  INPUT_UNSAFE: 'A playlist or script disguised as a video.',
  INPUT_OUT_OF_RANGE: 'No frame of the input is in the requested time range.',
  INPUT_STALLED: 'A network or piped input stopped sending.',
  FFMPEG_MISSING: 'ffmpeg or ffprobe was not found or could not be started.',
  FFMPEG_FAILED: 'ffmpeg ended with an error.',
  BACKEND_UNAVAILABLE: 'The requested engine is not installed or does not work here.',
  BACKEND_MISMATCH: 'TensorFlow.js uses another engine than the requested one.',
  WEIGHTS_MISSING: 'Network weights were not found or could not be read.',
  MODEL_INCOMPATIBLE: 'The labels, crop geometry or version of a checkpoint do not fit.',
  MODEL_BROKEN: 'A model computed values that are not finite; they are not written.',
  ANNOTATION_INVALID: 'An annotation file that is not ferstream JSONL, is truncated, or has another schema version.',
  WORKER_FAILED: 'A worker thread or process ended or failed.',
  OUTPUT_UNWRITABLE: 'An output file or folder cannot be written.',
  FOLDER_IN_USE: 'Another process is writing in the folder.',
  PACKAGE_MISSING: 'A feature needs an optional package that is not installed.',
  STORAGE_FAILED: 'Object storage (s3://) refused a request or does not answer.',
  QUEUE_UNREACHABLE: 'No Redis or Valkey answers at the address of the queue.',
  QUEUE_UNSAFE: 'Jobs can be lost with the settings of this Redis.',
  INTERRUPTED: 'Stopped by the user; finished work is kept.',
  INTERNAL: 'A bug in ferstream.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

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

/**
 * Loads an optional package.
 * @param purpose what needs it: "a queue"
 * @throws FerError PACKAGE_MISSING with the command that installs it
 */
export async function optionalPackage<T>(load: () => Promise<T>, packages: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND' && !/Cannot find (module|package)/.test(message))
      throw error;
    throw new FerError('PACKAGE_MISSING', `${purpose} needs optional packages: npm install ${packages}`, {
      cause: error,
    });
  }
}

/** The known name nearest to what was typed, by edit distance; for "did you mean". `known` must not be empty. */
export function closest(typed: string, known: readonly string[]): string {
  const wanted = typed.toLowerCase();
  return known.reduce((best, name) =>
    editDistance(wanted, name.toLowerCase()) < editDistance(wanted, best.toLowerCase()) ? name : best,
  );
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
