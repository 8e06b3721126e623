import { FerError } from '../../errors/fer-error.js';
import type { ErrorCode } from '../../errors/codes.js';

/** What the system's error codes mean for an input. */
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

/** What the decoder makes of bytes that are not UTF-8. */
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
