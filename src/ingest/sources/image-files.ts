import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { inputError } from '../probe/input-error.js';
import { isImageName } from '../media-names.js';
import { naturalOrder } from '../media-names.js';

/**
 * The pictures of an image input in the order in which they are shown: those lying directly in a folder, by natural order
 * of their names; or the one file itself.
 * @throws FerError INPUT_NOT_FOUND when the path does not exist or the folder has no picture
 */
export async function imageFiles(path: string, name: string = path): Promise<string[]> {
  const listed = await readNames(path).catch((error: unknown) => {
    throw inputError(name, error);
  });
  if (listed === null) return [path];
  const names = listed.filter((file) => !file.startsWith('.') && isImageName(file));
  if (names.length === 0) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${name}: holds no picture (jpg, png, webp, tiff, avif): give a folder with pictures in it`,
    );
  }
  return names.sort(naturalOrder).map((file) => join(path, file));
}

/** null for what is not a folder. */
async function readNames(path: string): Promise<string[] | null> {
  return (await stat(path)).isDirectory() ? readdir(path) : null;
}
