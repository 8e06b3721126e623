import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';

/**
 * Writes a file whole or not at all: under a temporary name beside it, flushed, then renamed over what was there.
 * A run folder has one writer, so the temporary has one name, and what a killed run left of it is simply written over.
 * @throws FerError OUTPUT_UNWRITABLE naming `path`.
 */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

/** What to tell about a file that could not be written. */
export function unwritable(path: string, error: unknown): FerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new FerError(
    'OUTPUT_UNWRITABLE',
    `${path} cannot be written (${reason}); free space, or choose another folder for the run`,
    { cause: error },
  );
}
