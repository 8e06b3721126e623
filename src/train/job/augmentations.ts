import { colourOperation, randAugment } from '../augment/rand-augment.js';
import { inSequence, pixelNoise, randomFlip, randomPadCrop } from '../augment/pixel.js';
import { randomAffine } from '../augment/affine.js';
import { footage } from '../augment/footage/footage.js';
import { randomErasing } from '../augment/random-erasing.js';
import type { Augmentation } from '../augment/pixel.js';
import type { TrainConfig } from '../config/train-config.js';

/** The usual view of an image, and the strong one: the same moves, then RandAugment. */
export function augmentations(config: TrainConfig['augment']): {
  readonly weak: Augmentation;
  readonly strong: Augmentation;
} {
  const moves = {
    flip: randomFlip({ probability: config.flip }),
    move: randomPadCrop({ padding: config.padding }),
    ...(config.affine === null ? {} : { affine: randomAffine(config.affine) }),
  };
  const extras = {
    ...(config.footage === null ? {} : { footage: footage(config.footage) }),
    ...(config.tone === null ? {} : { tone: sometimes(config.tone.probability, colourOperation(config.tone)) }),
    ...(config.noise === null
      ? {}
      : { noise: sometimes(config.noise.probability, pixelNoise({ deviation: config.noise.deviation })) }),
    ...(config.erasing === null ? {} : { erasing: randomErasing(config.erasing) }),
  };
  return {
    weak: inSequence({ ...moves, ...extras }),
    strong: inSequence({ ...moves, randAugment: randAugment(config.strong), ...extras }),
  };
}

function sometimes(probability: number, augmentation: Augmentation): Augmentation {
  return (image, random) => (random.next() < probability ? augmentation(image, random) : image);
}
