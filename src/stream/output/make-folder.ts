import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exists } from '../../ingest/exists.js';

/**
 * Makes a folder and those above it that are missing. Not `mkdir` with `recursive`: on some file systems (/proc, for one) Node tries
 * that for ever.
 * @throws the system's error when it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || (await exists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}
