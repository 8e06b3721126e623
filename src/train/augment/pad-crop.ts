import { FerError } from '../../errors/fer-error.js';
import type { Augmentation, PixelImage } from './image.js';
import { blankLike } from './image.js';

/**
 * The picture moved by whole pixels, right and down for positive numbers. What moves in repeats the edge: a black border would be a mark by
 * which a network could tell moved pictures.
 */
export function shift(image: PixelImage, right: number, down: number): PixelImage {
  const { data, height, width, channels } = image;
  const shifted = blankLike(image);
  for (let y = 0; y < height; y += 1) {
    const fromY = clamp(y - down, height - 1);
    for (let x = 0; x < width; x += 1) {
      const from = (fromY * width + clamp(x - right, width - 1)) * channels;
      shifted.data.set(data.subarray(from, from + channels), (y * width + x) * channels);
    }
  }
  return shifted;
}

/** Pads by `padding` pixels on every side and cuts the old size out at a random place: a move by at most so much, each way equally likely. */
export function randomPadCrop({ padding }: { readonly padding: number }): Augmentation {
  if (!Number.isInteger(padding) || padding < 0) {
    throw new FerError('CONFIG_INVALID', `augmentation: padding ${padding} is not a number of pixels: give a whole number such as 4`);
  }
  return (image, random) => shift(image, random.int(2 * padding + 1) - padding, random.int(2 * padding + 1) - padding);
}

function clamp(value: number, highest: number): number {
  return Math.min(Math.max(value, 0), highest);
}
