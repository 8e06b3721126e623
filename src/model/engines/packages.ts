import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** A package found on disk. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** The file that `require` would load. */
  readonly entry: string;
}

/**
 * Where optional engines are looked for, in this order: the folder a user built one in (FERSTREAM_NATIVE_DIR),
 * the project ferstream is used from, and ferstream's own dependencies. NODE_PATH counts in all of them.
 */
export function packageRoots(): readonly string[] {
  const own = import.meta.url;
  const built = process.env['FERSTREAM_NATIVE_DIR'];
  return [...(built ? [join(resolve(built), 'package.json')] : []), join(process.cwd(), 'package.json'), own];
}

/** The package's version and place, or null when none of the roots knows it. */
export function findPackage(name: string, roots: readonly string[] = packageRoots()): FoundPackage | null {
  for (const root of roots) {
    let entry: string;
    try {
      entry = createRequire(root).resolve(name);
    } catch {
      continue;
    }
    const manifest = manifestOf(name, entry);
    if (manifest) return { name, version: manifest.version, folder: manifest.folder, entry };
  }
  return null;
}

/** A tfjs package as ferstream itself uses it. A strict package manager shows siblings only to `@tensorflow/tfjs` itself. */
export function findOwnPackage(name: string): FoundPackage | null {
  const tfjs = createRequire(import.meta.url).resolve('@tensorflow/tfjs');
  return findPackage(name, [import.meta.url, tfjs]);
}

/** `exports` may hide package.json, so it is read from the entry's folder upwards. */
function manifestOf(name: string, entry: string): { version: string; folder: string } | null {
  let folder = dirname(entry);
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === name && manifest.version !== undefined) return { version: manifest.version, folder };
    } catch {
      // No manifest on this level, or one that only marks a module type.
    }
    const parent = dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}
