export { BACKEND_NAMES } from './backend.js';
export type { Backend, BackendName, SkippedBackend } from './backend.js';
export { currentBackend, openBackend, parseBackendName } from './open-backend.js';
export type { OpenBackendOptions } from './open-backend.js';
export { findPackage } from './packages.js';
export type { FoundPackage } from './packages.js';
export {
  assertSameVersion,
  differingPackages,
  installedTfjsPackages,
  levelCommand,
  tfjsVersion,
} from './tfjs-versions.js';
export type { TfjsPackage } from './tfjs-versions.js';
