import { FerError } from '../errors/fer-error.js';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EACCES: 'permission denied; choose another folder',
  EPERM: 'permission denied; choose another folder',
  EROFS: 'the file system is read-only; choose another folder',
  ENOTDIR: 'part of the path is a file, not a folder; choose another folder',
  EEXIST: 'there is a file where the folder should be; choose another folder',
  EISDIR: 'there is a folder of that name; move it or choose another folder',
  ENOENT: 'the folder is gone; create it or choose another folder',
  ENAMETOOLONG: 'the name is too long for the file system; choose a shorter one',
  EMFILE: 'too many files are open; work on fewer inputs at a time',
};

/** The one-line refusal for a file or folder that could not be written: OUTPUT_UNWRITABLE, or `error` itself when it is a FerError already. */
export function writeError(path: string, error: unknown): FerError {
  if (error instanceof FerError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const text = error instanceof Error ? error.message : String(error);
  return new FerError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${ADVICE[code] ?? text}`, { cause: error });
}
