import { expect, it } from 'vitest';
import { faceHandling } from './face-handling.js';

it('takes pictures as the model learnt them, unless told otherwise', () => {
  expect(faceHandling('auto', { framing: 'aligned' })).toBe('detect');
  expect(faceHandling('auto', { framing: 'whole' })).toBe('as-is');
  expect(faceHandling('as-is', { framing: 'aligned' })).toBe('as-is');
  expect(faceHandling('detect', { framing: 'whole' })).toBe('detect');
});
