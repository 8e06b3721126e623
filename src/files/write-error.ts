import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FerError } from '../errors/fer-error.js';

/** Whether a file or folder of that name exists; also false without permission to look. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a folder and its missing parents. Not `mkdir` with `recursive`: on some file systems (/proc, for one) Node retries that for ever.
 * @returns whether the folder is new
 * @throws the system's error when it cannot be made
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
  }
  // Another process may have made the parent meanwhile: whether it is there now tells nothing.
  await makeFolder(dirname(path));
  return makeOne(path);
}

/** As `makeFolder`, below a folder that exists. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

/** `makeFolder` for a folder that somebody named. @throws FerError OUTPUT_UNWRITABLE, also where nothing can be written into it */
export async function makeOutputFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    // Permissions alone tell neither of read-only file systems nor of access lists.
    await rmdir(await mkdtemp(join(path, '.ferstream-')));
  } catch (error) {
    throw writeError(path, error);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EACCES: 'permission denied; choose another folder',
  EPERM: 'permission denied; choose another folder',
  EROFS: 'the file system is read-only; choose another folder',
  ENOTDIR: 'part of the path is a file, not a folder; choose another folder',
  EEXIST: 'a file is in place of the folder; choose another folder',
  EISDIR: 'a folder has that name; move it or choose another folder',
  ENOENT: 'the folder no longer exists; create it or choose another folder',
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
