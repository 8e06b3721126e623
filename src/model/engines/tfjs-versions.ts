import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { findOwnPackage, findPackage } from './packages.js';
import type { FoundPackage } from './packages.js';

type Versioned = Pick<FoundPackage, 'name' | 'version'>;

/** One @tensorflow package, as installed. */
export interface TfjsPackage {
  readonly name: string;
  readonly version: string;
  /** True for an engine that ferstream can do without. */
  readonly optional: boolean;
}

const OURS = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-converter',
  '@tensorflow/tfjs-data',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-webgl',
  '@tensorflow/tfjs-backend-wasm',
];

const OPTIONAL = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs-backend-webgpu'];

/** The version every @tensorflow package has to have: that of the tfjs this process has loaded. */
export function tfjsVersion(): string {
  return tf.version.tfjs;
}

/** Every @tensorflow package that can be found, with its version; optional engines only where installed. */
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

/** @throws FerError BACKEND_UNAVAILABLE naming each package of another version and the command that levels them. */
export function assertSameVersion(packages: readonly Versioned[], expected = tfjsVersion()): void {
  const differing = differingPackages(packages, expected);
  if (differing.length === 0) return;
  const list = differing.map(({ name, version }) => `${name} is ${version}`).join(', ');
  throw new FerError(
    'BACKEND_UNAVAILABLE',
    `TensorFlow.js packages must all be ${expected}, but ${list}; run: ${levelCommand(differing, expected)}`,
  );
}

/** The command that brings `packages` to one version. */
export function levelCommand(packages: readonly Versioned[], expected: string): string {
  return `npm install ${packages.map(({ name }) => `${name}@${expected}`).join(' ')}`;
}

/** The core packages ferstream itself runs on; a mixture of them is an error with any engine. */
export function assertOwnPackagesAgree(): void {
  assertSameVersion(OURS.map((name) => findOwnPackage(name)).filter((found) => found !== null));
}
