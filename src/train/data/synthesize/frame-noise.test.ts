import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import { frameNoise } from './clip-plan.js';

const CLASSES = ['a', 'b', 'c', 'd'];
const clips = fc.array(fc.array(fc.constantFrom(...CLASSES), { minLength: 1, maxLength: 20 }), { maxLength: 10 });

it('makes the given share of all frames wrong, and keeps the lengths of the clips', () => {
  fc.assert(
    fc.property(clips, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (labels, rate, seed) => {
      const noisy = frameNoise(labels, CLASSES, rate, new SeededRandom(seed));
      expect(noisy.map(({ length }) => length)).toEqual(labels.map(({ length }) => length));
      const wrong = noisy.flatMap((own, i) => own.filter((label, t) => label !== labels[i]![t]));
      expect(wrong).toHaveLength(Math.round(rate * labels.flat().length));
      for (const label of wrong) expect(CLASSES).toContain(label);
      expect(frameNoise(labels, CLASSES, rate, new SeededRandom(seed))).toEqual(noisy);
    }),
  );
});

it('spreads them over frames and clips as independent draws would', () => {
  const labels = Array.from({ length: 200 }, () => Array.from({ length: 32 }, () => 'a'));
  const noisy = frameNoise(labels, CLASSES, 0.2, new SeededRandom(3));
  const wrong = noisy.map((own) => own.map((label) => label !== 'a'));
  // Five standard deviations each: wrong frames in a clip, clips wrong at a place, and pairs of neighbours that are both wrong.
  for (const own of wrong) expect(Math.abs(own.filter(Boolean).length - 6.4)).toBeLessThan(5 * Math.sqrt(32 * 0.16));
  for (let t = 0; t < 32; t += 1)
    expect(Math.abs(wrong.filter((own) => own[t]).length - 40)).toBeLessThan(5 * Math.sqrt(200 * 0.16));
  const pairs = wrong.flatMap((own) => own.slice(1).filter((isWrong, t) => isWrong && own[t])).length;
  expect(Math.abs(pairs - 200 * 31 * 0.04)).toBeLessThan(5 * Math.sqrt(200 * 31 * 0.04));
});
