import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { FerError } from '../../errors/fer-error.js';

/** A package found on disk. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** The file that `require` would load. */
  readonly entry: string;
}

/**
 * Where to find optional engines, in this order: the folder of an own build (FERSTREAM_NATIVE_DIR),
 * the project ferstream is used from, and ferstream's own dependencies. NODE_PATH counts in all of them.
 */
function packageRoots(): readonly string[] {
  const own = import.meta.url;
  const built = process.env['FERSTREAM_NATIVE_DIR'];
  return [...(built ? [join(resolve(built), 'package.json')] : []), join(process.cwd(), 'package.json'), own];
}

/** Version and location of a package, or null when no root has it. */
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

/** A package as ferstream itself uses it. */
export function findOwnPackage(name: string): FoundPackage | null {
  return findPackage(name, [import.meta.url]);
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

type Versioned = Pick<FoundPackage, 'name' | 'version'>;

/** One @tensorflow package, as installed. */
export interface TfjsPackage {
  readonly name: string;
  readonly version: string;
  /** True for optional engines. */
  readonly optional: boolean;
}

const CORE = '@tensorflow/tfjs-core';
const OURS = [CORE, '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-wasm'];

const OPTIONAL = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs-backend-webgpu'];

let version: string | null = null;

/** The version every @tensorflow package has to have: that of the core. Does not load it. */
export function tfjsVersion(): string {
  version ??= findOwnPackage(CORE)?.version ?? null;
  if (version === null) throw new FerError('BACKEND_UNAVAILABLE', `${CORE} is not installed; run npm install again`);
  return version;
}

/** All installed @tensorflow packages with their versions. */
export function installedTfjsPackages(): readonly TfjsPackage[] {
  const found = (packages: readonly (FoundPackage | null)[], optional: boolean): TfjsPackage[] =>
    packages.filter((one) => one !== null).map(({ name, version }) => ({ name, version, optional }));
  return [
    ...found(
      OURS.map((name) => findOwnPackage(name)),
      false,
    ),
    ...found(
      OPTIONAL.map((name) => findPackage(name)),
      true,
    ),
  ];
}

/** The packages whose version is not `expected`. Their internals call each other, so "nearly the same" breaks at run time. */
export function differingPackages<P extends Versioned>(packages: readonly P[], expected: string): readonly P[] {
  return packages.filter(({ version }) => version !== expected);
}

/** @throws FerError BACKEND_UNAVAILABLE naming the packages of another version and the command that aligns them. */
export function assertSameVersion(packages: readonly Versioned[], expected = tfjsVersion()): void {
  const differing = differingPackages(packages, expected);
  if (differing.length === 0) return;
  const list = differing.map(({ name, version }) => `${name} is ${version}`).join(', ');
  throw new FerError(
    'BACKEND_UNAVAILABLE',
    `TensorFlow.js packages must all be ${expected}, but ${list}; run: ${levelCommand(differing, expected)}`,
  );
}

/** Command that installs `packages` at one version. */
export function levelCommand(packages: readonly Versioned[], expected: string): string {
  return `npm install ${packages.map(({ name }) => `${name}@${expected}`).join(' ')}`;
}

/** The core packages; mixed versions are an error with any engine. */
export function assertOwnPackagesAgree(): void {
  assertSameVersion(OURS.map((name) => findOwnPackage(name)).filter((found) => found !== null));
}
