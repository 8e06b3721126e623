import type { PixelImage } from './pixel.js';
import { blankLike } from './pixel.js';

/** How bright red, green and blue appear: ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/*
 * Each of these moves a picture along the line from a poor version of itself (factor 0) through itself (1) and beyond, as the
 * Python imaging library's ImageEnhance does, and keeps the values within 0..255.
 */

/** From black. */
export function brightness(image: PixelImage, factor: number): PixelImage {
  return factor === 1 ? image : scaleAround(image, 0, factor);
}

/** From the mean brightness all over. */
export function contrast(image: PixelImage, factor: number): PixelImage {
  return factor === 1 ? image : scaleAround(image, meanBrightness(image), factor);
}

/** From the grey picture; one that has no three channels stays as it is. */
export function colour(image: PixelImage, factor: number): PixelImage {
  if (factor === 1 || image.channels !== 3) return image;
  const { data } = image;
  const enhanced = blankLike(image);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data, i);
    for (let j = i; j < i + 3; j += 1) enhanced.data[j] = clamp(grey + factor * (data[j]! - grey));
  }
  return enhanced;
}

/** From a picture smoothed by (1 1 1, 1 5 1, 1 1 1) / 13; the outermost pixels, without all their neighbours, stay. */
export function sharpness(image: PixelImage, factor: number): PixelImage {
  if (factor === 1) return image;
  const { data, height, width, channels } = image;
  const enhanced: PixelImage = { ...image, data: data.slice() };
  const result = enhanced.data;
  const stride = width * channels;
  for (let y = 1; y < height - 1; y += 1) {
    for (let i = y * stride + channels; i < (y + 1) * stride - channels; i += 1) {
      const [above, below, value] = [i - stride, i + stride, data[i]!];
      const around =
        data[above - channels]! +
        data[above]! +
        data[above + channels]! +
        data[i - channels]! +
        data[i + channels]! +
        data[below - channels]! +
        data[below]! +
        data[below + channels]!;
      const smooth = (around + 5 * value) / 13;
      result[i] = clamp(smooth + factor * (value - smooth));
    }
  }
  return enhanced;
}

function scaleAround(image: PixelImage, centre: number, factor: number): PixelImage {
  const { data } = image;
  const scaled = blankLike(image);
  const result = scaled.data;
  const offset = centre * (1 - factor);
  for (let i = 0; i < data.length; i += 1) result[i] = clamp(offset + factor * data[i]!);
  return scaled;
}

function meanBrightness({ data, channels }: PixelImage): number {
  let sum = 0;
  if (channels === 3) for (let i = 0; i < data.length; i += 3) sum += luma(data, i);
  else for (let i = 0; i < data.length; i += 1) sum += data[i]! / channels;
  return (sum * channels) / data.length;
}

function luma(data: Float32Array, at: number): number {
  return LUMA[0] * data[at]! + LUMA[1] * data[at + 1]! + LUMA[2] * data[at + 2]!;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
