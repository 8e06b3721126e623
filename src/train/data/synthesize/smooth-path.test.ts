import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { smoothPath } from './face-path.js';

it('stays within -1..1 and never jumps', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 200 }), (seed, length) => {
      const path = smoothPath(length, new SeededRandom(seed));
      expect(path).toHaveLength(length);
      for (const value of path) expect(Math.abs(value)).toBeLessThanOrEqual(1);
      for (let t = 1; t < length; t += 1)
        expect(Math.abs(path[t]! - path[t - 1]!)).toBeLessThanOrEqual((2 * Math.PI) / 16);
    }),
  );
});

it('goes somewhere, elsewhere with another seed', () => {
  const path = smoothPath(64, new SeededRandom(1));
  expect(Math.max(...path) - Math.min(...path)).toBeGreaterThan(0.3);
  expect(smoothPath(64, new SeededRandom(2))).not.toEqual(path);
});
