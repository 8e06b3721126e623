import { join } from 'node:path';
import type { Folders } from './folders.js';

/** Every file below a folder, in natural order, folder by folder. */
export async function allFiles(folders: Folders, folder: string): Promise<readonly string[]> {
  const own = (await folders.files(folder)).map((name) => join(folder, name));
  const below = [];
  for (const name of await folders.subfolders(folder)) below.push(...(await allFiles(folders, join(folder, name))));
  return [...own, ...below];
}
