import type { Augmentation } from './image.js';
import { blankLike, checkRange } from './image.js';

/**
 * Adds normal noise to every value, on its own, and keeps it within 0..255.
 * @param options.deviation standard deviation, in grey levels
 * @throws FerError CONFIG_INVALID for a deviation outside 0..255
 */
export function pixelNoise({ deviation }: { readonly deviation: number }): Augmentation {
  checkRange('noise deviation', deviation, 0, 255);
  return (image, random) => {
    const { data } = image;
    const noisy = blankLike(image);
    const result = noisy.data;
    for (let i = 0; i < data.length; i += 2) {
      // Box and Muller (1958) as in SeededRandom.normal, but both of the values that a pair of numbers gives, and 32 random bits for each: pixels are many.
      const radius = deviation * Math.sqrt(-2 * Math.log((random.uint32() + 1) / WORDS));
      const angle = (2 * Math.PI * random.uint32()) / WORDS;
      result[i] = clamp(data[i]! + radius * Math.cos(angle));
      if (i + 1 < data.length) result[i + 1] = clamp(data[i + 1]! + radius * Math.sin(angle));
    }
    return noisy;
  };
}

/** How many values a random word has. */
const WORDS = 2 ** 32;

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
