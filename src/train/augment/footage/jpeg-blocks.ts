import type { SeededRandom } from '../../util/seeded-random.js';
import type { PixelImage } from '../pixel.js';
import { drawFrom } from '../pixel.js';
import { clamp } from './clamp.js';

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

/** Quantised in blocks of 8x8, as JPEG and, at twice the size, old video codecs do, on a grid that lies anywhere. */
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
          const y = clamp(top + (i >> 3), 0, height - 1);
          const x = clamp(left + (i & 7), 0, width - 1);
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
            coded.data[(y * width + x) * channels + c] = clamp(block[i]! + 128, 0, 255);
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
