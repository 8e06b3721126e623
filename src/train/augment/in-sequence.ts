import type { Augmentation } from './image.js';

/** One after the other. Each draws from a fork of its own, so that taking one out leaves what the others do as it was. */
export function inSequence(augmentations: Readonly<Record<string, Augmentation>>): Augmentation {
  const steps = Object.entries(augmentations);
  return (image, random) =>
    steps.reduce((changed, [name, augmentation]) => augmentation(changed, random.fork(name)), image);
}
