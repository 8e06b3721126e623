import { expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { shareOfWrong } from './audit-with-model.js';

/** p_GT of labels drawn from the posteriors that a calibrated model gives, a share of them then drawn again from the other classes. */
function truths(share: number, classes: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 8000 }, () => {
    const winner = 0.4 + 0.59 * random.next();
    const posteriors = Array.from({ length: classes }, (_, k) => (k === 0 ? winner : (1 - winner) / (classes - 1)));
    const right = random.next() < winner ? 0 : 1 + random.int(classes - 1);
    return posteriors[random.next() < share ? (right + 1 + random.int(classes - 1)) % classes : right]!;
  });
}

it('finds the share of wrong labels from calibrated posteriors', () => {
  for (const share of [0.05, 0.2, 0.4])
    expect(Math.abs(shareOfWrong(truths(share, 6, 1), 6) - share)).toBeLessThan(0.03);
  expect(shareOfWrong(truths(0, 6, 2), 6)).toBeLessThan(0.02);
});

it('is 0 for labels that are all believed, 1 for labels that none is, and 0 of nothing', () => {
  expect(shareOfWrong([1, 1, 1], 3)).toBeCloseTo(0, 6);
  expect(shareOfWrong([0, 0, 0], 3)).toBeCloseTo(1, 6);
  expect(shareOfWrong([], 3)).toBe(0);
});
