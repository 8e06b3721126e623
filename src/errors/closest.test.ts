import { expect, it } from 'vitest';
import { closest } from './closest.js';

it('finds the name that was probably meant', () => {
  const known = ['detectEvery', 'detector', 'minFaceSize', 'fps'];
  expect(closest('detectevery', known)).toBe('detectEvery');
  expect(closest('minFacesize', known)).toBe('minFaceSize');
  expect(closest('detctor', known)).toBe('detector');
  expect(closest('pfs', known)).toBe('fps');
});
