import Module, { createRequire } from 'node:module';
import { sep } from 'node:path';
import util from 'node:util';
import { findOwnPackage } from './packages.js';
import type { FoundPackage } from './packages.js';

/** The packages that hold TensorFlow.js' state, of which a process must have one copy only. Those we do not have are the engine's own. */
const SHARED = /^@tensorflow\/tfjs(?:-core|-layers|-converter|-data|-backend-cpu|-backend-webgl)?(?=\/|$)/;

type Load = (request: string, parent: { readonly filename: string } | undefined, isMain: boolean) => unknown;

// CommonJS loading has no public hook on Node 20; `_load` is what every loader tool has used since Node 0.x.
const loader = Module as unknown as { _load: Load };

/**
 * Requires an engine's CommonJS package so that whatever it requires of TensorFlow.js is the copy ferstream uses, wherever
 * the engine is (its own folder, a global folder, a nested duplicate). Two copies of tfjs-core would mean tensors
 * that one half of the process does not recognise. Files of the package itself also get a `util` that still has the
 * helpers Node 23 removed.
 */
export function requireWithOneEngine(found: FoundPackage): unknown {
  const util = utilWithRemovedHelpers();
  const originalLoad = loader._load;
  const load: Load = (request, parent, isMain) => {
    if (parent?.filename.startsWith(found.folder + sep) === true && (request === 'util' || request === 'node:util'))
      return util;
    const shared = SHARED.exec(request);
    return originalLoad.call(Module, shared ? ownFile(shared[0], request) : request, parent, isMain);
  };
  loader._load = load;
  try {
    return createRequire(found.entry)(found.entry) as unknown;
  } finally {
    loader._load = originalLoad;
  }
}

/** The file of our own copy that `request` (the package, or a file in it) means. */
function ownFile(packageName: string, request: string): string {
  const own = findOwnPackage(packageName);
  if (!own) return request;
  return request === packageName
    ? own.entry
    : createRequire(own.entry).resolve(own.folder + request.slice(packageName.length));
}

/** The removed helpers of Node's `util`, as the Node documentation words their replacements. */
const removedHelpers = {
  isArray: (value: unknown): boolean => Array.isArray(value),
  isBoolean: (value: unknown): boolean => typeof value === 'boolean',
  isBuffer: (value: unknown): boolean => Buffer.isBuffer(value),
  isDate: (value: unknown): boolean => util.types.isDate(value),
  isError: (value: unknown): boolean => util.types.isNativeError(value) || value instanceof Error,
  isFunction: (value: unknown): boolean => typeof value === 'function',
  isNull: (value: unknown): boolean => value === null,
  isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  isNumber: (value: unknown): boolean => typeof value === 'number',
  isObject: (value: unknown): boolean => typeof value === 'object' && value !== null,
  isPrimitive: (value: unknown): boolean =>
    (typeof value !== 'object' && typeof value !== 'function') || value === null,
  isRegExp: (value: unknown): boolean => util.types.isRegExp(value),
  isString: (value: unknown): boolean => typeof value === 'string',
  isSymbol: (value: unknown): boolean => typeof value === 'symbol',
  isUndefined: (value: unknown): boolean => value === undefined,
} as const;

/**
 * Node's `util` as @tensorflow/tfjs-node 4.22 expects it. Node 22 warns when the old `is...` helpers are called, Node 23 and
 * later no longer have them, and tfjs-node calls two of them in nearly every kernel. Only the native package gets to see
 * this object (requireWithOneEngine); `require('util')` stays untouched for all others.
 */
export function utilWithRemovedHelpers(): typeof util {
  return Object.assign(Object.create(util) as typeof util, removedHelpers);
}
