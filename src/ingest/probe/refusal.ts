import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/fer-error.js';
import { refusedKind } from '../ffmpeg/input-guards.js';
import type { RelayTrouble } from '../ffmpeg/url-relay.js';
import { isImageName } from '../media-names.js';

/** Meaning of system error codes for an input. */
const REASONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['INPUT_NOT_FOUND', 'no such file or folder: check the name'],
  ENOTDIR: ['INPUT_NOT_FOUND', 'no such file or folder: part of the path is a file'],
  ELOOP: ['INPUT_NOT_FOUND', 'is a link that leads back to itself: give the file it should lead to'],
  ENAMETOOLONG: ['INPUT_NOT_FOUND', 'no such file or folder: the name is too long'],
  EACCES: ['INPUT_UNREADABLE', 'permission denied: check its permissions'],
  EPERM: ['INPUT_UNREADABLE', 'permission denied: check its permissions'],
  EISDIR: ['INPUT_UNREADABLE', 'is a folder: give the files in it'],
  EIO: ['INPUT_UNREADABLE', 'the disk cannot read it: copy it again from another place'],
  ESTALE: ['INPUT_UNREADABLE', 'its network disk has changed: mount it again'],
  ENODEV: ['INPUT_UNREADABLE', 'there is no device behind it: give a file'],
  ENXIO: ['INPUT_UNREADABLE', 'there is no device behind it: give a file'],
  EMFILE: ['INPUT_UNREADABLE', 'too many files are open: raise the limit (ulimit -n)'],
  ENFILE: ['INPUT_UNREADABLE', 'too many files are open on this machine: close some programs'],
};

/** Replacement character for bytes that are not UTF-8. */
const REPLACEMENT = '\u{FFFD}';

/** Names that are not UTF-8 cannot be passed to Node or ffmpeg. */
export const NOT_UTF8 = 'its name is not valid UTF-8: rename it';

/**
 * The one-line error for a file-system call on an input that failed: INPUT_NOT_FOUND or INPUT_UNREADABLE, or `error` itself when it is a FerError
 * already.
 * @param name how the user named it
 */
export function inputError(name: string, error: unknown): FerError {
  if (error instanceof FerError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  const [kind, reason] = REASONS[code] ?? ['INPUT_UNREADABLE', `cannot be read (${text}): copy it to another place`];
  const isMangled = code === 'ENOENT' && name.includes(REPLACEMENT);
  return new FerError(kind, `${name}: ${isMangled ? NOT_UTF8 : reason}`, { cause: error });
}

/** A named pipe or a device is read once, and every look at it takes bytes away. @param name how the user named it */
export function notAFile(name: string, about: { isCharacterDevice(): boolean }): FerError {
  const advice = about.isCharacterDevice()
    ? 'is a device: watch it with fer live --source, or record it first'
    : `is a pipe: give it as standard input: fer annotate - < ${name}`;
  return new FerError('INPUT_UNREADABLE', `${name}: ${advice}`);
}

interface RefusalContext {
  /** Why a URL could not be fetched; null when it could, or is not a URL. */
  readonly network?: string | null;
  /** True for an input that can be read only from front to back. */
  readonly piped?: boolean;
  /** False for a server that only sends files from their beginning. */
  readonly seekable?: boolean;
}

/**
 * The error for an input that ffmpeg or ffprobe would not open, from what they said about it.
 * @param lines their messages, oldest first
 */
export function refusal(
  name: string,
  lines: readonly string[],
  { network = null, piped = false, seekable = true }: RefusalContext = {},
): FerError {
  const text = lines.join('\n');
  const cause = new Error(text === '' ? 'ffmpeg said nothing' : text);
  const refuse = (code: ErrorCode, what: string): FerError => new FerError(code, `${name}: ${what}`, { cause });

  const format = /\[([\w,]+)(?: @ [^\]]*)?\] Format not on whitelist/i.exec(text)?.[1];
  if (format !== undefined) return refusedFormat(name, format, cause);
  if (/Protocol .* not on whitelist/i.test(text)) {
    return refuse('INPUT_UNSAFE', 'refers to another file or host, which is refused: give the footage itself');
  }
  if (network !== null) {
    const denied = /^40[13]\b/.test(network);
    return refuse(
      denied ? 'INPUT_UNREADABLE' : 'INPUT_NOT_FOUND',
      `cannot be fetched (${network}): check the address, and that the server gives it to you`,
    );
  }
  if (piped) {
    const hint =
      'what is piped must be readable from front to back (mkv, webm, ts, or mp4 made with "-movflags faststart"), else give it as a file';
    return refuse('INPUT_UNREADABLE', `ffmpeg cannot read it as video (${lastWords(lines)}): ${hint}`);
  }
  if (!seekable) {
    const why = /moov atom not found/i.test(text) ? 'its index is at the end' : lastWords(lines);
    return refuse(
      'INPUT_UNREADABLE',
      `the server cannot send parts of a file, which this one needs (${why}): download it first`,
    );
  }
  if (/moov atom not found/i.test(text)) {
    return refuse(
      'INPUT_UNREADABLE',
      'its index (moov atom) is missing: the recording was cut off, or this is not a video; copy or record it again',
    );
  }
  if (/Permission denied/i.test(text)) return refuse('INPUT_UNREADABLE', 'permission denied: check its permissions');
  return refuse(
    'INPUT_UNREADABLE',
    `ffmpeg cannot read it as video (${lastWords(lines)}): check that the file is whole`,
  );
}

/**
 * The error for a range without frames.
 * @param from first presentation time of the input in seconds, if known
 */
export function outOfRange(
  name: string,
  { start, end }: { readonly start?: number | null | undefined; readonly end?: number | null | undefined },
  from: number | null,
  duration: number | null,
): FerError {
  const asked = [start == null ? '' : `from ${round(start)} s`, end == null ? '' : `to ${round(end)} s`]
    .join(' ')
    .trim();
  const held = duration === null ? '' : ` (it lasts from ${round(from ?? 0)} s to ${round((from ?? 0) + duration)} s)`;
  return new FerError('INPUT_OUT_OF_RANGE', `${name}: no frame ${asked}${held}: choose another range`);
}

function round(seconds: number): number {
  return Number(seconds.toFixed(3));
}

/** The error for a network input that went silent. */
export function stalled(name: string, cause?: unknown): FerError {
  return new FerError(
    'INPUT_STALLED',
    `${name}: the server stopped sending: try again later, or download the file first`,
    { cause },
  );
}

/** The error for a network input whose connection failed before its end; null where another attempt would fail in the same way. */
export function connectionError(name: string, trouble: RelayTrouble | null, cause?: unknown): FerError | null {
  if (trouble?.passing !== true) return null;
  if (trouble.stalled) return stalled(name, cause);
  return new FerError(
    'INPUT_STALLED',
    `${name}: the connection broke off (${trouble.reason}): run the command again, or download the file first`,
    { cause },
  );
}

/** The error for an input that would make ffmpeg open others. */
export function playlist(name: string, format: string, cause?: unknown): FerError {
  return new FerError(
    'INPUT_UNSAFE',
    `${name}: is a playlist or script (${format}), which could make ffmpeg open other files: give the footage itself`,
    {
      cause,
    },
  );
}

function refusedFormat(name: string, format: string, cause: unknown): FerError {
  switch (refusedKind(format.split(',')[0] ?? format)) {
    case 'playlist':
      return playlist(name, format, cause);
    case 'picture':
      return new FerError(
        'INPUT_UNSAFE',
        isImageName(name)
          ? `${name}: is a picture (${format}), not footage: give a picture on disk to fer annotate`
          : `${name}: is a picture (${format}) under the name of a video: rename it, or put pictures into a folder`,
        {
          cause,
        },
      );
    case 'audio':
      return new FerError(
        'INPUT_NO_VIDEO',
        `${name}: contains only sound (${format}): give a file with a video stream`,
        {
          cause,
        },
      );
    case 'other':
      return new FerError(
        'INPUT_UNREADABLE',
        `${name}: is not a supported video container (ffmpeg recognises ${format}): convert it to mp4 or mkv`,
        { cause },
      );
  }
}

/** Lines that only say that something failed. */
const EMPTY_WORDS =
  /Error marking filters|Conversion failed|Error while processing|Error opening (input|output) file|Nothing was written/i;

function lastWords(lines: readonly string[]): string {
  const line = lines.findLast((one) => !EMPTY_WORDS.test(one));
  const words = line?.replace(/^(\[[^\]]*\]\s*)+/, '').replace(/^.*: (?=[A-Z])/, '');
  return words === undefined || words === '' ? 'no reason given' : words;
}
