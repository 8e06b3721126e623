import type { Picture } from '../../frame.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { scaleOf, type Similarity } from './geometry.js';

/** Most samples per axis: for one output pixel, and for a whole crop, whose many pixels need fewer each. */
const MOST_SAMPLES = 4;
const MOST_IN_A_ROW = 340;
/** Frame pixels per output pixel from which averaging is better than interpolation. */
const SHRINKING = 1.6;
/** Binary digits after the point of a sample's position: integer steps take half the time of floating-point ones. */
const FRACTION = 15;
const ONE = 1 << FRACTION;

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
  else {
    const most = Math.max(2, Math.min(MOST_SAMPLES, Math.floor(MOST_IN_A_ROW / size)));
    average(frame, toFrame, size, Math.min(most, Math.round(scale)), scaling, target, offset);
  }
}

function interpolate(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  size: number,
  { gain, offset: [offsetR, offsetG, offsetB] }: PixelScaling,
  target: Float32Array,
  offset: number,
): void {
  const { data, width, height } = frame;
  const stride = width * 3;
  const right = width - 1;
  const bottom = height - 1;
  let out = offset;
  for (let j = 0; j < size; j++) {
    // Pixel centres are at half-integer positions.
    const startX = a * 0.5 - b * (j + 0.5) + tx - 0.5;
    const startY = b * 0.5 + a * (j + 0.5) + ty - 0.5;
    for (let i = 0; i < size; i++) {
      let x = startX + a * i;
      let y = startY + b * i;
      x = x < 0 ? 0 : x > right ? right : x;
      y = y < 0 ? 0 : y > bottom ? bottom : y;
      const left = x | 0;
      const top = y | 0;
      const px = x - left;
      const py = y - top;
      const at = (Math.imul(top, stride) + left * 3) | 0;
      const beside = left < right ? (at + 3) | 0 : at;
      const down = top < bottom ? stride : 0;
      const below = (at + down) | 0;
      const across = (beside + down) | 0;
      const w11 = px * py;
      const w01 = px - w11;
      const w10 = py - w11;
      const w00 = 1 - px - w10;
      target[out] = (data[at]! * w00 + data[beside]! * w01 + data[below]! * w10 + data[across]! * w11) * gain + offsetR;
      target[out + 1] =
        (data[at + 1]! * w00 + data[beside + 1]! * w01 + data[below + 1]! * w10 + data[across + 1]! * w11) * gain +
        offsetG;
      target[out + 2] =
        (data[at + 2]! * w00 + data[beside + 2]! * w01 + data[below + 2]! * w10 + data[across + 2]! * w11) * gain +
        offsetB;
      out += 3;
    }
  }
}

function average(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  size: number,
  samples: number,
  { gain, offset: [offsetR, offsetG, offsetB] }: PixelScaling,
  target: Float32Array,
  offset: number,
): void {
  const dx = Math.round((a / samples) * ONE) | 0;
  const dy = Math.round((b / samples) * ONE) | 0;
  const last = size * samples - 1;
  const isInside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x >> FRACTION < frame.width && y >> FRACTION < frame.height;
  const weight = gain / (samples * samples);
  const sums = new Int32Array(size * 3);
  let out = offset;
  for (let j = 0; j < size; j++) {
    sums.fill(0);
    for (let s = 0; s < samples; s++) {
      const v = j + (s + 0.5) / samples;
      // Every other row of samples is shifted, so that no regular pattern falls through the grid.
      const u = (s % 2 === 0 ? 0.25 : 0.75) / samples;
      const x = Math.floor((a * u - b * v + tx) * ONE);
      const y = Math.floor((b * u + a * v + ty) * ONE);
      const add = isInside(x, y) && isInside(x + last * dx, y + last * dy) ? addRow : addRowAtEdge;
      add(frame, x, y, dx, dy, samples, sums);
    }
    for (let i = 0; i < sums.length; i += 3) {
      target[out++] = sums[i]! * weight + offsetR;
      target[out++] = sums[i + 1]! * weight + offsetG;
      target[out++] = sums[i + 2]! * weight + offsetB;
    }
  }
}

/** Adds `samples` pixels, (x, y) and on in steps of (dx, dy), to each output pixel of a row. All of them are inside the frame. */
function addRow(
  { data, width }: Picture,
  startX: number,
  startY: number,
  dx: number,
  dy: number,
  samples: number,
  sums: Int32Array,
): void {
  let x = startX | 0;
  let y = startY | 0;
  for (let i = 0; i < sums.length; i += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let t = 0; t < samples; t++) {
      const at = (Math.imul(y >> FRACTION, width) + (x >> FRACTION)) * 3;
      red += data[at]!;
      green += data[at + 1]!;
      blue += data[at + 2]!;
      x = (x + dx) | 0;
      y = (y + dy) | 0;
    }
    sums[i] = (sums[i]! + red) | 0;
    sums[i + 1] = (sums[i + 1]! + green) | 0;
    sums[i + 2] = (sums[i + 2]! + blue) | 0;
  }
}

/** As `addRow`, where samples may be beyond the frame. */
function addRowAtEdge(
  { data, width, height }: Picture,
  startX: number,
  startY: number,
  dx: number,
  dy: number,
  samples: number,
  sums: Int32Array,
): void {
  let x = startX | 0;
  let y = startY | 0;
  for (let i = 0; i < sums.length; i += 3) {
    for (let t = 0; t < samples; t++) {
      const column = Math.max(0, Math.min(width - 1, x >> FRACTION));
      const row = Math.max(0, Math.min(height - 1, y >> FRACTION));
      const at = (Math.imul(row, width) + column) * 3;
      sums[i]! += data[at]!;
      sums[i + 1]! += data[at + 1]!;
      sums[i + 2]! += data[at + 2]!;
      x = (x + dx) | 0;
      y = (y + dy) | 0;
    }
  }
}
