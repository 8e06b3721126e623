import type { Augmentation, PixelImage } from './image.js';
import { blankLike, checkRange } from './image.js';

/** Left and right exchanged. */
export function flip(image: PixelImage): PixelImage {
  const { data, height, width, channels } = image;
  const flipped = blankLike(image);
  const result = flipped.data;
  const stride = width * channels;
  for (let row = 0; row < height * stride; row += stride) {
    for (let x = 0; x < stride; x += channels) {
      const [from, to] = [row + x, row + stride - channels - x];
      for (let channel = 0; channel < channels; channel += 1) result[to + channel] = data[from + channel]!;
    }
  }
  return flipped;
}

/** Flips with this probability (default: every other picture). @throws FerError CONFIG_INVALID for one outside 0..1 */
export function randomFlip({ probability = 0.5 }: { readonly probability?: number } = {}): Augmentation {
  checkRange('flip probability', probability, 0, 1);
  return (image, random) => (random.next() < probability ? flip(image) : image);
}
