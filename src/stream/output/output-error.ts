import { FerError } from '../../errors/fer-error.js';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another --output-dir',
  EDQUOT: 'the disk quota is used up; free some space or choose another --output-dir',
  EACCES: 'permission denied; choose another --output-dir',
  EPERM: 'permission denied; choose another --output-dir',
  EROFS: 'the file system is read-only; choose another --output-dir',
  ENOTDIR: 'part of the path is a file, not a folder; choose another --output-dir',
  EEXIST: 'there is a file where the folder should be; choose another --output-dir',
  EISDIR: 'there is a folder of that name; move it or choose another --output-dir',
  ENOENT: 'the folder is gone; create it or choose another --output-dir',
  ENAMETOOLONG: 'the name is too long for the file system; rename the input',
  EMFILE: 'too many files are open; annotate fewer inputs at a time',
};

/** The one-line refusal for a file that could not be written: OUTPUT_UNWRITABLE, or `error` itself when it is a FerError already. */
export function outputError(path: string, error: unknown): FerError {
  if (error instanceof FerError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const text = error instanceof Error ? error.message : String(error);
  return new FerError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${ADVICE[code] ?? text}`, { cause: error });
}
