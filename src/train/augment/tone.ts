import { luma601 } from '../../ingest/frame.js';
import { blankLike, clamp } from './pixel.js';
import type { PixelImage } from './pixel.js';

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

/** From the grey picture; one that has no three channels stays unchanged. */
export function colour(image: PixelImage, factor: number): PixelImage {
  if (factor === 1 || image.channels !== 3) return image;
  const { data } = image;
  const enhanced = blankLike(image);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data, i);
    for (let j = i; j < i + 3; j += 1) enhanced.data[j] = clamp(grey + factor * (data[j]! - grey), 255);
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
      result[i] = clamp(smooth + factor * (value - smooth), 255);
    }
  }
  return enhanced;
}

function scaleAround(image: PixelImage, centre: number, factor: number): PixelImage {
  const { data } = image;
  const scaled = blankLike(image);
  const result = scaled.data;
  const offset = centre * (1 - factor);
  for (let i = 0; i < data.length; i += 1) result[i] = clamp(offset + factor * data[i]!, 255);
  return scaled;
}

function meanBrightness({ data, channels }: PixelImage): number {
  let sum = 0;
  if (channels === 3) for (let i = 0; i < data.length; i += 3) sum += luma(data, i);
  else for (let i = 0; i < data.length; i += 1) sum += data[i]! / channels;
  return (sum * channels) / data.length;
}

function luma(data: Float32Array, at: number): number {
  return luma601(data[at]!, data[at + 1]!, data[at + 2]!);
}

/** Grey levels of a picture of whole numbers. */
const LEVELS = 256;

/** Each channel stretched so that its least value becomes 0 and its largest 255; a constant channel is unchanged. */
export function autocontrast(image: PixelImage): PixelImage {
  const { data, channels } = image;
  const stretched = blankLike(image);
  const result = stretched.data;
  for (let channel = 0; channel < channels; channel += 1) {
    let [least, largest] = [Infinity, -Infinity];
    for (let i = channel; i < data.length; i += channels) {
      const value = data[i]!;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    const [offset, scale] = largest > least ? [least, 255 / (largest - least)] : [0, 1];
    for (let i = channel; i < data.length; i += channels) result[i] = Math.min((data[i]! - offset) * scale, 255);
  }
  return stretched;
}

/**
 * Each channel spread so that its levels are about equally frequent, from 0 for its least to 255 for its largest; a channel of one level stays.
 * Counts nearest whole levels, so that 127.9999, which a warp makes of 128, counts with 128. The share of pixels below is taken as it is, without
 * the whole-number steps of the Python imaging library, which does nothing in pictures of less than 256 pixels.
 */
export function equalise(image: PixelImage): PixelImage {
  const { data, channels } = image;
  const equalised = blankLike(image);
  const result = equalised.data;
  const counts = new Uint32Array(LEVELS);
  const table = new Float32Array(LEVELS);
  const pixels = data.length / channels;
  for (let channel = 0; channel < channels; channel += 1) {
    counts.fill(0);
    for (let i = channel; i < data.length; i += channels) counts[nearestLevel(data[i]!)]! += 1;
    const least = counts.find((count) => count > 0) ?? 0;
    if (least === pixels) {
      for (let i = channel; i < data.length; i += channels) result[i] = data[i]!;
      continue;
    }
    let upTo = 0;
    for (let level = 0; level < LEVELS; level += 1) {
      upTo += counts[level]!;
      table[level] = Math.round((255 * Math.max(upTo - least, 0)) / (pixels - least));
    }
    for (let i = channel; i < data.length; i += channels) result[i] = table[nearestLevel(data[i]!)]!;
  }
  return equalised;
}

/** Only the highest `bits` (1..8) of each value, taken as the nearest whole number; with 8 the picture stays unchanged. */
export function posterise(image: PixelImage, bits: number): PixelImage {
  if (bits >= 8) return image;
  const { data } = image;
  const posterised = blankLike(image);
  const result = posterised.data;
  const mask = (0xff << (8 - bits)) & 0xff;
  for (let i = 0; i < data.length; i += 1) result[i] = nearestLevel(data[i]!) & mask;
  return posterised;
}

/** The negative of every value from `threshold` up; above 255 the picture stays unchanged. */
export function solarise(image: PixelImage, threshold: number): PixelImage {
  if (threshold > 255) return image;
  const { data } = image;
  const solarised = blankLike(image);
  const result = solarised.data;
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i]!;
    result[i] = value < threshold ? value : 255 - value;
  }
  return solarised;
}

/** Nearest whole level of a value in 0..255. */
function nearestLevel(value: number): number {
  return (value + 0.5) | 0;
}
