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
  const result = shifted.data;
  const stride = width * channels;
  // Within a row, [first, last) comes from the picture; what is left and right of it repeats the row's first or last pixel.
  const first = clamp(right, width) * channels;
  const last = clamp(width + right, width) * channels;
  for (let y = 0; y < height; y += 1) {
    const to = y * stride;
    const from = clamp(y - down, height - 1) * stride;
    const moved = from - right * channels;
    const end = from + stride - channels;
    for (let i = 0; i < first; i += 1) result[to + i] = data[from + (i % channels)]!;
    for (let i = first; i < last; i += 1) result[to + i] = data[moved + i]!;
    for (let i = last; i < stride; i += 1) result[to + i] = data[end + (i % channels)]!;
  }
  return shifted;
}

/** Pads by `padding` pixels on every side and cuts the old size out at a random place: a move by at most so much, each way equally likely. */
export function randomPadCrop({ padding }: { readonly padding: number }): Augmentation {
  if (!Number.isInteger(padding) || padding < 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `augmentation: padding ${padding} is not a number of pixels: give a whole number such as 4`,
    );
  }
  return (image, random) => shift(image, random.int(2 * padding + 1) - padding, random.int(2 * padding + 1) - padding);
}

function clamp(value: number, highest: number): number {
  return Math.min(Math.max(value, 0), highest);
}
