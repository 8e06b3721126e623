import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { backOff } from './live-connection.js';

it('is between half and all of a wait that doubles up to 15 s', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const whole = Math.min(15_000, 500 * 2 ** Math.min(failures - 1, 20));
        const wait = backOff(failures, random);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(whole / 2));
        expect(wait).toBeLessThanOrEqual(whole);
      },
    ),
  );
});
