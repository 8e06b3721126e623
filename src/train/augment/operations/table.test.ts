import fc from 'fast-check';
import { expect, it } from 'vitest';
import { images } from '../../../../test/support/images.js';
import { OPERATIONS } from './table.js';
import type { Operation } from './operation.js';

const ENTRIES: readonly [string, Operation][] = Object.entries(OPERATIONS);
/** Fewer than usual: there are fourteen operations. */
const RUNS = { numRuns: 40 };
/** These have no strength. */
const WITHOUT_LEVEL = ['autocontrast', 'equalise'];

it.each(ENTRIES)('%s: shape kept, values in 0..255, input untouched, at every level', (_, { apply, signed }) => {
  fc.assert(
    fc.property(images, fc.double({ min: signed ? -1 : 0, max: 1, noNaN: true }), (image, level) => {
      const before = image.data.slice();
      const result = apply(image, level);
      expect(image.data).toEqual(before);
      expect([result.height, result.width, result.channels, result.data.length]).toEqual([
        image.height,
        image.width,
        image.channels,
        before.length,
      ]);
      expect(result.data.every((value) => value >= 0 && value <= 255)).toBe(true);
    }),
    RUNS,
  );
});

it.each(ENTRIES.filter(([name]) => !WITHOUT_LEVEL.includes(name)))('%s: nothing at level 0', (_, { apply }) => {
  fc.assert(
    fc.property(images, (image) => {
      expect(apply(image, 0)).toBe(image);
    }),
    RUNS,
  );
});

it.each(ENTRIES.filter(([name]) => name !== 'identity'))(
  '%s: changes a picture at level 1, the other way at -1 where it has two',
  (_, { apply, signed }) => {
    // Dark and bright, coloured, uneven.
    const image = {
      data: Float32Array.from({ length: 8 * 8 * 3 }, (_value, i) => 40 + ((i * 37) % 180)),
      height: 8,
      width: 8,
      channels: 3,
    };
    expect(apply(image, 1).data).not.toEqual(image.data);
    if (signed) expect(apply(image, -1).data).not.toEqual(apply(image, 1).data);
  },
);

it('works on the list of the paper', () => {
  expect(ENTRIES.map(([name]) => name)).toHaveLength(14);
});
