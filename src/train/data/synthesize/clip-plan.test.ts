import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FerError } from '../../../errors/fer-error.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { planClips } from './clip-plan.js';
import { still } from '../../../../test/support/still-sample.js';

const CLASSES = ['happiness', 'sadness', 'anger'];
const images = CLASSES.flatMap((label) => [1, 2, 3, 4].map((i) => still(`${label}${i}`, label)));

it('labels each frame with the class of the image that has the larger share; neighbours are of different classes', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 8, max: 60 }), (seed, frames) => {
      for (const plan of planClips('train', 3, frames, images, new SeededRandom(seed))) {
        expect(plan.poses).toHaveLength(frames);
        plan.images.forEach(({ label }, k) => {
          if (k > 0) expect(label).not.toBe(plan.images[k - 1]!.label);
        });
        plan.mixes.forEach(({ segment, next, share }, t) => {
          expect(plan.trueLabels[t]).toBe(plan.images[share > 0.5 ? next : segment]!.label);
          expect(plan.clearness[t]).toBe(Math.max(share, 1 - share));
        });
      }
    }),
    { numRuns: 30 },
  );
});

it('draws the classes evenly', () => {
  const plans = planClips('train', 400, 32, images, new SeededRandom(1));
  const labels = plans.flatMap((plan) => plan.images.map(({ label }) => label));
  // Five standard deviations of a count with p = 1/3.
  for (const label of CLASSES)
    expect(Math.abs(labels.filter((other) => other === label).length - labels.length / 3)).toBeLessThan(
      5 * Math.sqrt((labels.length * 2) / 9),
    );
  const segments = new Set(plans.map((plan) => plan.images.length));
  expect([...segments].sort()).toEqual([2, 3, 4]);
});

it('draws classes as often as they have images with balance 0, and in between with a half', () => {
  const uneven = [...images, ...Array.from({ length: 32 }, (_, i) => still(`more${i}`, 'sadness'))]; // 4, 36, 4
  const shareOfFirsts = (balance: number): number => {
    const plans = planClips('train', 2000, 8, uneven, new SeededRandom(3), balance);
    return plans.filter((plan) => plan.images[0]!.label === 'sadness').length / plans.length;
  };
  for (const [balance, share] of [
    [1, 1 / 3],
    [0.5, 6 / 10],
    [0, 36 / 44],
  ] as const) {
    expect(Math.abs(shareOfFirsts(balance) - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / 2000));
  }
});

it('plans the same clips first when there are more', () => {
  const few = planClips('valid', 2, 16, images, new SeededRandom(7));
  expect(planClips('valid', 5, 16, images, new SeededRandom(7)).slice(0, 2)).toEqual(few);
  expect(planClips('valid', 2, 16, images, new SeededRandom(8))).not.toEqual(few);
  expect(few.map(({ path }) => path)).toEqual(['valid/0001', 'valid/0002']);
});

it('refuses images of one class, unless there are no clips', () => {
  const alike = images.slice(0, 4);
  expect(() => planClips('test', 1, 16, alike, new SeededRandom(1))).toThrow(FerError);
  expect(() => planClips('test', 1, 16, alike, new SeededRandom(1))).toThrow(
    /test clips are of one class \(happiness\)/,
  );
  expect(planClips('test', 0, 16, [], new SeededRandom(1))).toEqual([]);
});
