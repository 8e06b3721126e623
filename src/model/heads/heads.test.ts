import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipContext } from './heads.js';

it('sees as many frames at a time as the network was trained on, none of them later ones when it is causal', () => {
  expect(clipContext(32, false)).toEqual({ past: 8, future: 8, hop: 16 });
  expect(clipContext(32, true)).toEqual({ past: 16, future: 0, hop: 16 });
  expect(clipContext(1, false)).toEqual({ past: 0, future: 0, hop: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.boolean(), (frames, causal) => {
      const { past, future, hop } = clipContext(frames, causal);
      expect(past + future + hop).toBe(frames);
      expect(Math.min(past, future)).toBeGreaterThanOrEqual(0);
      expect(hop).toBeGreaterThanOrEqual(1);
    }),
  );
});
