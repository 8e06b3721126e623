import type { SeededRandom } from '../../util/seeded-random.js';
import { blankLike, clamp, drawFrom } from '../pixel.js';
import type { PixelImage } from '../pixel.js';

/** Luma quantisation of the JPEG standard, annex K, table K.1. */
const QUANTISATION = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
/** cosines[k][n] of the orthonormal DCT-II of eight values. */
const COSINES = Float32Array.from({ length: 64 }, (_, i) => {
  const [k, n] = [i >> 3, i & 7];
  return (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * n + 1) * k * Math.PI) / 16);
});

/** Quantised in blocks of 8x8, as JPEG and, at twice the size, old video codecs do, on a randomly placed grid. */
export function jpegBlocks(image: PixelImage, random: SeededRandom): PixelImage {
  const { data, height, width, channels } = image;
  const factor = drawFrom([0.6, 4], random);
  const [startX, startY] = [-random.int(8), -random.int(8)];
  const coded = { ...image, data: data.slice() };
  const block = new Float32Array(64);
  const half = new Float32Array(64);
  for (let c = 0; c < channels; c += 1) {
    for (let top = startY; top < height; top += 8) {
      for (let left = startX; left < width; left += 8) {
        for (let i = 0; i < 64; i += 1) {
          const y = clamp(top + (i >> 3), height - 1);
          const x = clamp(left + (i & 7), width - 1);
          block[i] = data[(y * width + x) * channels + c]! - 128;
        }
        transform(block, half, false);
        for (let i = 0; i < 64; i += 1) {
          const step = QUANTISATION[i]! * factor;
          block[i] = Math.round(block[i]! / step) * step;
        }
        transform(block, half, true);
        for (let i = 0; i < 64; i += 1) {
          const [y, x] = [top + (i >> 3), left + (i & 7)];
          if (y >= 0 && y < height && x >= 0 && x < width)
            coded.data[(y * width + x) * channels + c] = clamp(block[i]! + 128, 255);
        }
      }
    }
  }
  return coded;
}

/** The DCT of a block, or its inverse, in place: along the rows, then along the columns. */
function transform(block: Float32Array, half: Float32Array, inverse: boolean): void {
  for (let pass = 0; pass < 2; pass += 1) {
    const [from, to] = pass === 0 ? [block, half] : [half, block];
    for (let row = 0; row < 8; row += 1) {
      for (let k = 0; k < 8; k += 1) {
        let sum = 0;
        for (let n = 0; n < 8; n += 1) sum += from[row * 8 + n]! * COSINES[inverse ? n * 8 + k : k * 8 + n]!;
        to[k * 8 + row] = sum; // transposed, so that the second pass goes along the columns
      }
    }
  }
}

/** Too few pixels, defocus, or motion. */
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
    const fromY = clamp(((y + 0.5) * small) / height - 0.5, small - 1);
    const top = fromY | 0;
    const below = top < small - 1 ? small * channels : 0;
    for (let x = 0; x < width; x += 1) {
      const fromX = clamp(((x + 0.5) * small) / width - 0.5, small - 1);
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

/** Weighted mean along a line through every pixel, from the nearest pixels; the edge is repeated. */
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

/** Sensor noise: normal and independent per pixel; half of the time stronger in dark parts. */
export function addNoise(image: PixelImage, random: SeededRandom): PixelImage {
  const deviation = drawFrom([2, 16], random);
  const noisy = blankLike(image);
  // Sum of four uniform numbers: near enough to normal, and four times as quick.
  for (let i = 0; i < image.data.length; i += 1) {
    const word = random.uint32();
    const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24); // mean 510, deviation 147.8
    noisy.data[i] = clamp(image.data[i]! + (deviation * (sum - 510)) / 147.8, 255);
  }
  return noisy;
}
