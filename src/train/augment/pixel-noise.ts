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
    const noisy = blankLike(image);
    for (let i = 0; i < image.data.length; i += 1) {
      noisy.data[i] = Math.min(Math.max(image.data[i]! + deviation * random.normal(), 0), 255);
    }
    return noisy;
  };
}
