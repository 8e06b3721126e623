import util from 'node:util';
import { expect, test } from 'vitest';
import { utilWithRemovedHelpers } from './require-engine.js';

const values = [
  undefined,
  null,
  true,
  0,
  NaN,
  '',
  'text',
  Symbol('s'),
  1n,
  [],
  {},
  new Date(0),
  /x/,
  new Error('e'),
  Buffer.from([1]),
  () => 0,
  Date,
];

type Helper = (value: unknown) => boolean;

function helpersOf(object: object): Record<string, Helper> {
  return object as Record<string, Helper>;
}

const REMOVED = [
  'isArray',
  'isBoolean',
  'isBuffer',
  'isDate',
  'isError',
  'isFunction',
  'isNull',
  'isNullOrUndefined',
  'isNumber',
].concat(['isObject', 'isPrimitive', 'isRegExp', 'isString', 'isSymbol', 'isUndefined']);

const present = REMOVED.filter((name) => typeof helpersOf(util)[name] === 'function');
if (present.length < REMOVED.length) {
  console.warn(
    `node-compat: Node ${process.version} lacks ${REMOVED.length - present.length} of the helpers, so those are not compared with the originals here (Node 20 and 22 have them)`,
  );
}

test.each(present)('%s answers like the original', (name) => {
  for (const value of values)
    expect(helpersOf(utilWithRemovedHelpers())[name]!(value), util.inspect(value)).toBe(helpersOf(util)[name]!(value));
});

test('the rest of util is still there, and util itself is unchanged', () => {
  const before = helpersOf(util)['isNullOrUndefined'];
  const compat = utilWithRemovedHelpers();
  expect(compat.promisify).toBe(util.promisify);
  expect(compat.inspect({ a: 1 })).toBe('{ a: 1 }');
  expect(helpersOf(compat)['isNullOrUndefined']!(undefined)).toBe(true);
  expect(helpersOf(util)['isNullOrUndefined']).toBe(before);
});
