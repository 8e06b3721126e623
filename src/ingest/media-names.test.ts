import { expect, it } from 'vitest';
import { naturalOrder } from './media-names.js';

it('orders numbers by value, ignoring the case of letters', () => {
  expect(['img10.png', 'img2.png', 'IMG1.png', 'img02.png', 'b', 'a'].sort(naturalOrder)).toEqual([
    'a',
    'b',
    'IMG1.png',
    'img02.png',
    'img2.png',
    'img10.png',
  ]);
});

it('is never undecided between different names', () => {
  expect(naturalOrder('a', 'A')).not.toBe(0);
  expect(naturalOrder('a', 'A')).toBe(-naturalOrder('A', 'a'));
});
