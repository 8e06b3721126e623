import type { SeededRandom } from '../../util/seeded-random.js';
import { blankLike, drawFrom } from '../pixel.js';
import type { PixelImage } from '../pixel.js';
import { clamp } from './clamp.js';

/** Too few pixels, out of focus, or moving. */
export function soften(image: PixelImage, random: SeededRandom): PixelImage {
  const kind = random.int(3);
  if (kind === 0) return fewerPixels(image, Math.round(drawFrom([0.28, 0.75], random) * image.width));
  if (kind === 1) {
    const kernel = gaussian(drawFrom([0.4, 1.6], random));
    return alongLine(alongLine(image, kernel, 1, 0), kernel, 0, 1);
  }
  const angle = Math.PI * random.next();
  const length = 2 + random.int(5);
  return alongLine(image, new Float32Array(length).fill(1 / length), Math.cos(angle), Math.sin(angle));
}

/** Made smaller, and large again. */
function fewerPixels(image: PixelImage, side: number): PixelImage {
  const { data, height, width, channels } = image;
  const small = Math.max(8, Math.min(side, width));
  const reduced = new Float32Array(small * small * channels);
  const counts = new Float32Array(small * small);
  for (let y = 0; y < height; y += 1) {
    const row = ((y * small) / height) | 0;
    for (let x = 0; x < width; x += 1) {
      const cell = row * small + (((x * small) / width) | 0);
      counts[cell]! += 1;
      for (let c = 0; c < channels; c += 1) reduced[cell * channels + c]! += data[(y * width + x) * channels + c]!;
    }
  }
  for (let cell = 0; cell < counts.length; cell += 1)
    for (let c = 0; c < channels; c += 1) reduced[cell * channels + c]! /= counts[cell]!;
  const large = blankLike(image);
  for (let y = 0, target = 0; y < height; y += 1) {
    const fromY = clamp(((y + 0.5) * small) / height - 0.5, 0, small - 1);
    const top = fromY | 0;
    const below = top < small - 1 ? small * channels : 0;
    for (let x = 0; x < width; x += 1) {
      const fromX = clamp(((x + 0.5) * small) / width - 0.5, 0, small - 1);
      const left = fromX | 0;
      const right = left < small - 1 ? channels : 0;
      for (let c = 0; c < channels; c += 1, target += 1) {
        const at = (top * small + left) * channels + c;
        const upper = reduced[at]! + (reduced[at + right]! - reduced[at]!) * (fromX - left);
        const lower = reduced[at + below]! + (reduced[at + below + right]! - reduced[at + below]!) * (fromX - left);
        large.data[target] = upper + (lower - upper) * (fromY - top);
      }
    }
  }
  return large;
}

/** Normal distribution, to two standard deviations. */
function gaussian(deviation: number): Float32Array {
  const radius = Math.max(1, Math.ceil(2 * deviation));
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}

/** Weighted mean along a line through every pixel, from the nearest pixels; the edge goes on. */
function alongLine(image: PixelImage, kernel: Float32Array, stepX: number, stepY: number): PixelImage {
  const { data, height, width, channels } = image;
  const result = blankLike(image);
  const middle = (kernel.length - 1) / 2;
  const offsets = Array.from(kernel, (weight, k) => ({
    weight,
    x: Math.round((k - middle) * stepX),
    y: Math.round((k - middle) * stepY),
  }));
  for (let y = 0, target = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1, target += 1) {
        let sum = 0;
        for (const offset of offsets) {
          const fromX = x + offset.x < 0 ? 0 : x + offset.x >= width ? width - 1 : x + offset.x;
          const fromY = y + offset.y < 0 ? 0 : y + offset.y >= height ? height - 1 : y + offset.y;
          sum += offset.weight * data[(fromY * width + fromX) * channels + c]!;
        }
        result.data[target] = sum;
      }
    }
  }
  return result;
}

/** Sensor noise: normal, for every pixel by itself, stronger where it is dark half of the time. */
export function addNoise(image: PixelImage, random: SeededRandom): PixelImage {
  const deviation = drawFrom([2, 16], random);
  const noisy = blankLike(image);
  // Sum of four uniform numbers: near enough to normal, and four times as quick.
  for (let i = 0; i < image.data.length; i += 1) {
    const word = random.uint32();
    const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24); // mean 510, deviation 147.8
    noisy.data[i] = clamp(image.data[i]! + (deviation * (sum - 510)) / 147.8, 0, 255);
  }
  return noisy;
}
