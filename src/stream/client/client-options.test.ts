import { expect, it } from 'vitest';
import { tokenFromFragment } from './client-options.js';

it.each([
  ['', undefined],
  ['#', undefined],
  ['#token=abc', 'abc'],
  ['#x=1&token=a%20b', 'a b'],
])('%s', (hash, token) => {
  expect(tokenFromFragment(hash)).toBe(token);
});
