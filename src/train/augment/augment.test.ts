import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changed, grey, images } from '../../../test/support/images.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { Augmentation } from './pixel.js';
import { colourOperation, randAugment } from './rand-augment.js';
import { inSequence, pixelNoise, randomFlip, randomPadCrop } from './pixel.js';
import { randomAffine } from './affine.js';
import { randomErasing } from './random-erasing.js';

const STEPS = {
  flip: randomFlip(),
  'pad-crop': randomPadCrop({ padding: 3 }),
  noise: pixelNoise({ deviation: 20 }),
  erasing: randomErasing(),
  affine: randomAffine(),
  'rand-augment': randAugment(),
  colour: colourOperation(),
};
const AUGMENTATIONS: readonly [string, Augmentation][] = [
  ...Object.entries(STEPS),
  ['all in sequence', inSequence(STEPS)],
];

it.each(AUGMENTATIONS)(
  '%s: shape kept, values in 0..255, input untouched, same seed same picture',
  (_, augmentation) => {
    fc.assert(
      fc.property(images, fc.nat(), (image, seed) => {
        const result = changed(image, (before) => augmentation(before, new SeededRandom(seed)));
        expect(augmentation(image, new SeededRandom(seed)).data).toEqual(result.data);
      }),
    );
  },
);

it.each(AUGMENTATIONS)('%s: another seed, another picture, sooner or later', (_, augmentation) => {
  const image = grey(Array.from({ length: 16 }, (_row, y) => Array.from({ length: 16 }, (_cell, x) => y * 16 + x)));
  const results = Array.from({ length: 20 }, (_seed, seed) => augmentation(image, new SeededRandom(seed)).data.join());
  expect(new Set(results).size).toBeGreaterThan(1);
});

it('changes all frames of a clip alike when they share a fork', () => {
  const random = new SeededRandom(5);
  const erase = randomErasing({ probability: 1 });
  const frames = [0, 100, 200].map((shade) =>
    grey(Array.from({ length: 10 }, () => Array.from({ length: 10 }, () => shade))),
  );
  const erased = frames.map((frame) => {
    const result = erase(frame, random.fork('clip'));
    return result.data.map((value, index) => (value === frame.data[index] ? 0 : 1)).join();
  });
  expect(new Set(erased).size).toBe(1);
  expect(erased[0]).toContain('1');
});

it('leaves the other steps as they were when one is taken out', () => {
  const image = grey([[10, 20, 30, 40]]);
  const random = new SeededRandom(3);
  const noise = pixelNoise({ deviation: 5 });
  const alone = inSequence({ noise })(image, random);
  const never = inSequence({ flip: randomFlip({ probability: 0 }), noise })(image, random);
  expect(never.data).toEqual(alone.data);
});
