import fc from 'fast-check';
import { expect, it } from 'vitest';
import { strictMajority } from './strict-majority.js';

it('ignores single votes, counts unknown, and wants more than half', () => {
  expect(strictMajority([8, 1, 1, 0, 0], 3)).toEqual({ index: 0, shares: [1, 0, 0], isContested: false });
  expect(strictMajority([6, 2, 0, 2, 0], 3)).toEqual({ index: 0, shares: [0.75, 0.25, 0], isContested: false });
  // Half is not more than half.
  expect(strictMajority([5, 5, 0, 0, 0], 3)).toBe('no majority');
  // Of the classes alone it would be one.
  expect(strictMajority([4, 2, 0, 4, 0], 3)).toBe('no majority');
  expect(strictMajority([0, 0, 0, 0, 10], 3)).toBe('majority for no expression');
  expect(strictMajority([1, 1, 1, 1, 1], 3)).toBe('no majority');
});

it('says what was said most where no class wins, if asked to and most votes are for classes', () => {
  const contested = { contested: true };
  expect(strictMajority([3, 5, 2, 0, 0], 3, contested)).toEqual({
    index: 1,
    shares: [0.3, 0.5, 0.2],
    isContested: true,
  });
  expect(strictMajority([4, 4, 0, 2, 0], 3, contested)).toEqual({ index: 0, shares: [0.5, 0.5, 0], isContested: true });
  expect(strictMajority([6, 4, 0, 0, 0], 3, contested)).toEqual({
    index: 0,
    shares: [0.6, 0.4, 0],
    isContested: false,
  });
  expect(strictMajority([2, 3, 0, 5, 0], 3, contested)).toBe('no majority');
  expect(strictMajority([0, 2, 0, 8, 0], 3, contested)).toBe('majority for no expression');
  expect(strictMajority([1, 1, 1, 1, 1], 3, contested)).toBe('no majority');
});

it('gives shares that add up to 1 and are largest at the winner', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10), { minLength: 5, maxLength: 10 }), (votes) => {
      const majority = strictMajority(votes, votes.length - 2);
      if (typeof majority === 'string') return;
      expect(majority.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(Math.max(...majority.shares)).toBe(majority.shares[majority.index]);
      expect(majority.shares[majority.index]).toBeGreaterThan(0.5);
    }),
  );
});
