import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FerError } from '../errors/fer-error.js';
import { syncFolder } from './atomic-file.js';
import { exists, makeFolder, writeError } from './write-error.js';
import { claimTemporary, releaseTemporary, staleTemporaries } from './temporary-name.js';

/**
 * Fills a folder that appears under its name complete or not at all; where the work fails, nothing is left. Files that must survive a power cut
 * are flushed by `fill`.
 *
 * Replacing a folder takes two renames. What a program killed in the instant between them leaves aside is put back by the next call.
 * @param marker a file that every such folder holds: with `replace`, only a folder that holds it is taken away
 * @throws FerError OUTPUT_UNWRITABLE when the folder exists and may not be replaced, or cannot be written; also what `fill` throws
 */
export async function replaceFolder<T>(
  folder: string,
  { marker, replace }: { readonly marker: string; readonly replace: boolean },
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  const target = resolve(folder);
  const scratch = claimTemporary(target);
  try {
    await makeFolder(dirname(target));
    await recover(target);
    await refuseTaken(target, marker, replace);
    const filled = join(scratch, 'new');
    await mkdir(scratch);
    await mkdir(filled);
    const result = await fill(filled).catch((error: unknown) => {
      throw isWriteError(error, scratch) ? error : new FillError(error);
    });
    await putInPlace(filled, target, join(scratch, 'old'));
    return result;
  } catch (error) {
    if (error instanceof FillError) throw error.cause;
    throw writeError(target, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    releaseTemporary(scratch);
  }
}

/** Carries what `fill` threw past the handling of errors in writing. */
class FillError extends Error {
  constructor(cause: unknown) {
    super('fill', { cause });
  }
}

/** Whether the system could not write into the folder: the disk is full, for one. The system does not say the path of every failed write. */
function isWriteError(error: unknown, folder: string): boolean {
  if (!(error instanceof Error) || !('syscall' in error)) return false;
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined || path.startsWith(folder);
}

/** Cleans up after killed programs, and puts back a folder that one of them had moved aside. */
async function recover(target: string): Promise<void> {
  for (const stale of await staleTemporaries(target)) {
    const aside = join(stale, 'old');
    if (!(await exists(target)) && (await exists(aside))) await rename(aside, target);
    await rm(stale, { recursive: true, force: true });
  }
}

/** Before the work, not after it. */
async function refuseTaken(target: string, marker: string, replace: boolean): Promise<void> {
  if (!(await exists(target))) return;
  const isEmpty = await readdir(target).then((names) => names.length === 0, isNoFolder);
  if (isEmpty) return;
  const isOurs = await exists(join(target, marker));
  if (isOurs && replace) return;
  throw new FerError(
    'OUTPUT_UNWRITABLE',
    `cannot write ${target}: ${isOurs ? 'it exists already; --force replaces it' : 'something else has that name; choose another one or remove it'}`,
  );
}

/** A folder cannot be renamed over another one everywhere, so the old one steps aside, and comes back if the new one cannot take its place. */
async function putInPlace(filled: string, target: string, aside: string): Promise<void> {
  const hadOld = await rename(target, aside).then(() => true, isMissing);
  try {
    await rename(filled, target);
    await syncFolder(dirname(target));
  } catch (error) {
    if (hadOld) await rename(aside, target);
    throw error;
  }
}

function isNoFolder(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
  throw error;
}

function isMissing(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
  throw error;
}
