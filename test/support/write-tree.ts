import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes files below a folder: path to content. An empty text makes an empty file. */
export async function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Files with different content that are not real pictures: for code that reads names only. */
export function standIns(...paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, `stand-in for ${path}`]));
}
