import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';

/** Side of the thumbnails that are compared. */
const SIDE = 12;

/** A small standardised picture: faces with similar pose and look have a small `distance`. @param data [S, S, C] @returns [12 * 12] */
export function thumbnail(data: ArrayLike<number>, size: number, channels: number): Float32Array {
  const small = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < size; y += 1) {
    const row = ((y * SIDE) / size) | 0;
    for (let x = 0; x < size; x += 1)
      small[row * SIDE + (((x * SIDE) / size) | 0)]! += data[(y * size + x) * channels]!;
  }
  const { mean, deviation } = moments(small);
  return small.map((value) => (value - mean) / Math.max(1e-6, deviation));
}

/** Squared Euclidean. */
export function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

export function moments(data: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < data.length; i += 1) {
    sum += data[i]!;
    squares += data[i]! * data[i]!;
  }
  const mean = sum / data.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / data.length - mean * mean)) };
}

/** A picture to train on. */
export interface PixelImage {
  /** [height, width, channels], row by row, each value in 0..255. */
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Returns a randomly changed copy of a picture. All randomness comes from `random`: the same fork of it gives the same
 * change, so a clip is changed alike in all its frames by `frames.map((frame) => augmentation(frame, random.fork('clip')))`.
 */
export type Augmentation = (image: PixelImage, random: SeededRandom) => PixelImage;

/** A picture of the same shape with nothing in it yet. */
export function blankLike({ data, height, width, channels }: PixelImage): PixelImage {
  return { data: new Float32Array(data.length), height, width, channels };
}

/** @throws FerError CONFIG_INVALID unless `value` is in low..high */
export function checkRange(name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new FerError('CONFIG_INVALID', `augmentation: ${name} ${value} is out of range: give ${low} to ${high}`);
}

/** Applies all in sequence. Each draws from its own fork, so removing one does not change the others. */
export function inSequence(augmentations: Readonly<Record<string, Augmentation>>): Augmentation {
  const steps = Object.entries(augmentations);
  return (image, random) =>
    steps.reduce((changed, [name, augmentation]) => augmentation(changed, random.fork(name)), image);
}

/** Least and largest of what is drawn. */
export type Interval = readonly [number, number];

/** @throws FerError CONFIG_INVALID unless both ends are in low..high and come in order */
export function checkInterval(name: string, interval: Interval, low: number, high: number): void {
  for (const end of interval) checkRange(name, end, low, high);
  if (interval[0] <= interval[1]) return;
  throw new FerError(
    'CONFIG_INVALID',
    `augmentation: ${name} goes from ${interval[0]} down to ${interval[1]}: exchange the two`,
  );
}

/** Every value of the interval equally likely. */
export function drawFrom([low, high]: Interval, random: SeededRandom): number {
  return low + (high - low) * random.next();
}

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

/** Pads by `padding` pixels on every side and cuts the old size out at a random place: a shift by at most `padding`, each way equally likely. */
export function randomPadCrop({ padding }: { readonly padding: number }): Augmentation {
  if (!Number.isInteger(padding) || padding < 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `augmentation: padding ${padding} is not a number of pixels: give a whole number such as 4`,
    );
  }
  return (image, random) => shift(image, random.int(2 * padding + 1) - padding, random.int(2 * padding + 1) - padding);
}

/** To 0..highest. */
export function clamp(value: number, highest: number): number {
  return Math.min(Math.max(value, 0), highest);
}

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
      result[i] = clamp(data[i]! + radius * Math.cos(angle), 255);
      if (i + 1 < data.length) result[i + 1] = clamp(data[i + 1]! + radius * Math.sin(angle), 255);
    }
    return noisy;
  };
}

/** Number of values of a random word. */
const WORDS = 2 ** 32;
