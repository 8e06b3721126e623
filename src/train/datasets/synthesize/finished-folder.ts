import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';

/**
 * Fills a folder that appears under its name complete or not at all. Where the work fails, nothing is left.
 * @param marker a file that every such folder holds: with `replace`, only a folder that holds it is taken away
 * @throws FerError OUTPUT_UNWRITABLE when the folder is there already and may not be replaced, or cannot be written; and what `fill` throws
 */
export async function writeFinishedFolder<T>(
  folder: string,
  { marker, replace }: { readonly marker: string; readonly replace: boolean },
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  const target = resolve(folder);
  let scratch: string | undefined;
  try {
    await refuseTaken(target, marker, replace);
    await mkdir(dirname(target), { recursive: true });
    scratch = await mkdtemp(join(dirname(target), `.${basename(target)}.tmp-`));
    const made = join(scratch, 'new');
    await mkdir(made);
    const result = await fill(made);
    await putInPlace(made, target, join(scratch, 'old'));
    return result;
  } catch (error) {
    if (error instanceof FerError) throw error;
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${target} cannot be written (${error instanceof Error ? error.message : String(error)}): free space, or choose another folder`,
      { cause: error },
    );
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

/** Before the work, not after it. */
async function refuseTaken(target: string, marker: string, replace: boolean): Promise<void> {
  const about = await stat(target).catch(() => null);
  if (about === null || (about.isDirectory() && (await readdir(target)).length === 0)) return;
  const isOurs = (await stat(join(target, marker)).catch(() => null)) !== null;
  if (isOurs && replace) return;
  throw new FerError(
    'OUTPUT_UNWRITABLE',
    `${target} cannot be written: ${isOurs ? 'it is there already: --force replaces it' : 'something else has that name: choose another one or remove it'}`,
  );
}

/** A folder cannot be renamed over another one everywhere, so the old one steps aside, and comes back if the new one cannot take its place. */
async function putInPlace(made: string, target: string, aside: string): Promise<void> {
  const hadOld = await rename(target, aside).then(() => true, isMissing);
  try {
    await rename(made, target);
  } catch (error) {
    if (hadOld) await rename(aside, target);
    throw error;
  }
}

function isMissing(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
  throw error;
}
