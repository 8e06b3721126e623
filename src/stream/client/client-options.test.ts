import { expect, it } from 'vitest';
import { PRODUCE_PATH } from '../protocol/messages.js';
import { liveAddress, serverOfPage, tokenFromFragment } from './client-options.js';

it.each([
  ['http://localhost:8787/#token=abc', 'ws://localhost:8787/v1/produce'],
  ['http://localhost:8787/overlay?camera=1', 'ws://localhost:8787/v1/produce'],
  ['https://example.org/lab/live/#token=abc', 'wss://example.org/lab/live/v1/produce'],
  ['https://example.org/lab/live/overlay', 'wss://example.org/lab/live/v1/produce'],
])('the server of the page at %s', (page, address) => {
  expect(liveAddress(serverOfPage(page), PRODUCE_PATH, {})).toBe(address);
});

it.each([
  ['', undefined],
  ['#', undefined],
  ['#token=abc', 'abc'],
  ['#x=1&token=a%20b', 'a b'],
])('%s', (hash, token) => {
  expect(tokenFromFragment(hash)).toBe(token);
});
