import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FerError } from '../../errors/fer-error.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Pages with an address without an extension. */
const PAGES = new Map([
  ['/index.html', '/'],
  ['/overlay.html', '/overlay'],
]);

export interface StaticFile {
  readonly contentType: string;
  readonly etag: string;
  readonly content: Buffer;
}

/** Folder of the page of `fer live`; null where it has not been built. */
export function shippedPage(from: string | URL = import.meta.url): string | null {
  const places = ['../web', '../../../dist/stream/web'].map((place) => fileURLToPath(new URL(place, from)));
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? null;
}

/**
 * The files of a folder, by the path they are served at. They are read once: a request is looked up, never opened, so that no path can lead
 * out of the folder. Links and files of other types are left out.
 * @throws FerError INPUT_NOT_FOUND
 */
export async function readStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const contentType = CONTENT_TYPES[extname(entry.name)];
      if (!entry.isFile() || contentType === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await readFile(path);
      const file = { contentType, content, etag: `"${createHash('sha256').update(content).digest('base64url')}"` };
      const address = `/${relative(folder, path).split(sep).join('/')}`;
      files.set(address, file);
      const page = PAGES.get(address);
      if (page !== undefined) files.set(page, file);
    }
  } catch (error) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `webFolder: ${folder} cannot be read: check the path, or build the page with npm run build`,
      { cause: error },
    );
  }
  return files;
}
