import type { Augmentation, PixelImage } from './image.js';
import { blankLike, checkRange } from './image.js';

/** Left and right exchanged. */
export function flip(image: PixelImage): PixelImage {
  const { data, height, width, channels } = image;
  const flipped = blankLike(image);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = (y * width + x) * channels;
      flipped.data.set(data.subarray(from, from + channels), (y * width + width - 1 - x) * channels);
    }
  }
  return flipped;
}

/** Flips with this probability (default: every other picture). @throws FerError CONFIG_INVALID for one outside 0..1 */
export function randomFlip({ probability = 0.5 }: { readonly probability?: number } = {}): Augmentation {
  checkRange('flip probability', probability, 0, 1);
  return (image, random) => (random.next() < probability ? flip(image) : image);
}
