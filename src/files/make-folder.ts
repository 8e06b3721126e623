import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

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
    await mkdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    if (code !== 'ENOENT' || dirname(path) === path || (await exists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    return makeFolder(path);
  }
}
