import type { Picture } from '../../frame.js';
import type { PixelScaling } from './pixel-scaling.js';
import { scaleOf, type Similarity } from './similarity.js';

/** Most samples per axis for one output pixel. */
const MOST_SAMPLES = 4;
/** Frame pixels per output pixel from which averaging is better than interpolation. */
const SHRINKING = 1.6;

/**
 * Cuts a rotated, scaled square out of a frame: bilinear, or, when the picture shrinks, the mean of a grid of frame
 * pixels for each output pixel. Beyond the frame its edge is repeated.
 * @param toFrame maps output pixels to frame pixels
 * @param target [size, size, 3], written from `offset`
 */
export function warpRgb(
  frame: Picture,
  toFrame: Similarity,
  size: number,
  scaling: PixelScaling,
  target: Float32Array,
  offset = 0,
): void {
  const scale = scaleOf(toFrame);
  if (scale < SHRINKING) interpolate(frame, toFrame, size, scaling, target, offset);
  else average(frame, toFrame, size, Math.min(MOST_SAMPLES, Math.round(scale)), scaling, target, offset);
}

function interpolate(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  size: number,
  scaling: PixelScaling,
  target: Float32Array,
  offset: number,
): void {
  const { data, width, height } = frame;
  const stride = width * 3;
  const right = width - 1;
  const bottom = height - 1;
  const { gain } = scaling;
  const [offsetR, offsetG, offsetB] = scaling.offset;
  let out = offset;
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      // Pixel centres lie at half-integer positions.
      let x = a * (i + 0.5) - b * (j + 0.5) + tx - 0.5;
      let y = b * (i + 0.5) + a * (j + 0.5) + ty - 0.5;
      x = x < 0 ? 0 : x > right ? right : x;
      y = y < 0 ? 0 : y > bottom ? bottom : y;
      const left = x | 0;
      const top = y | 0;
      const px = x - left;
      const py = y - top;
      const at = top * stride + left * 3;
      const beside = left < right ? at + 3 : at;
      const below = top < bottom ? stride : 0;
      const w11 = px * py;
      const w01 = px - w11;
      const w10 = py - w11;
      const w00 = 1 - px - w10;
      target[out++] =
        (data[at]! * w00 + data[beside]! * w01 + data[at + below]! * w10 + data[beside + below]! * w11) * gain +
        offsetR;
      target[out++] =
        (data[at + 1]! * w00 +
          data[beside + 1]! * w01 +
          data[at + below + 1]! * w10 +
          data[beside + below + 1]! * w11) *
          gain +
        offsetG;
      target[out++] =
        (data[at + 2]! * w00 +
          data[beside + 2]! * w01 +
          data[at + below + 2]! * w10 +
          data[beside + below + 2]! * w11) *
          gain +
        offsetB;
    }
  }
}

function average(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  size: number,
  samples: number,
  scaling: PixelScaling,
  target: Float32Array,
  offset: number,
): void {
  const { data, width, height } = frame;
  const right = width - 1;
  const bottom = height - 1;
  const gain = scaling.gain / (samples * samples);
  const [offsetR, offsetG, offsetB] = scaling.offset;
  let out = offset;
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let s = 0; s < samples; s++) {
        const v = j + (s + 0.5) / samples;
        for (let t = 0; t < samples; t++) {
          // Every other row of samples is shifted, so that no regular pattern falls through the grid.
          const u = i + (t + (s % 2 === 0 ? 0.25 : 0.75)) / samples;
          const x = a * u - b * v + tx;
          const y = b * u + a * v + ty;
          const column = x < 0 ? 0 : x > right ? right : x | 0;
          const row = y < 0 ? 0 : y > bottom ? bottom : y | 0;
          const at = (row * width + column) * 3;
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
      }
      target[out++] = red * gain + offsetR;
      target[out++] = green * gain + offsetG;
      target[out++] = blue * gain + offsetB;
    }
  }
}
