import util from 'node:util';

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
 * this object (see one-engine.ts); `require('util')` stays untouched for everybody else.
 */
export function utilWithRemovedHelpers(): typeof util {
  return Object.assign(Object.create(util) as typeof util, removedHelpers);
}
