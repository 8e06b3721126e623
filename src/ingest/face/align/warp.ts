import type { Picture, YuvPicture } from '../../frame.js';
import { isYuv, chromaPlanes } from '../../frame.js';
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
 * Cuts a rotated, scaled square out of a frame, as `resample` does.
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
  const most = Math.max(2, Math.min(MOST_SAMPLES, Math.floor(MOST_IN_A_ROW / size)));
  resample(frame, toFrame, { width: size, height: size, pitch: size * 3, offset }, most, scaling, target);
}

/** A rectangle of RGB pixels in an array. */
export interface Window {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Values from one row to the next. */
  readonly pitch: number;
  /** Where the first pixel is. */
  readonly offset: number;
}

/**
 * Fills a window from a frame, as RGB: bilinear, or, when the picture shrinks, the mean of a grid of frame pixels for each output pixel. Beyond the frame
 * its edge is repeated. Of a YUV picture the luma is sampled like that, and of the chroma, which has no fine detail, one value for each output pixel:
 * then only the pixels that are wanted are converted.
 * @param toFrame maps pixels of the window to frame pixels
 * @param most samples along each axis of an output pixel
 */
export function resample(
  frame: Picture,
  toFrame: Similarity,
  window: Window,
  most: number,
  scaling: PixelScaling,
  target: Float32Array,
): void {
  const scale = scaleOf(toFrame);
  if (scale < SHRINKING) interpolate(frame, toFrame, window, target);
  else average(frame, toFrame, window, Math.min(most, Math.round(scale)), target);
  if (isYuv(frame)) addColour(frame, toFrame, window, scaling, target);
  else scaleValues(window, scaling, target);
}

/** Writes the mean of the four nearest pixels: RGB, or luma in the place of red. */
function interpolate(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  { width: columns, height: rows, pitch, offset }: Window,
  target: Float32Array,
): void {
  const { data, width, height } = frame;
  const isGrey = isYuv(frame);
  const step = isGrey ? 1 : 3;
  const stride = width * step;
  const right = width - 1;
  const bottom = height - 1;
  for (let j = 0; j < rows; j++) {
    let out = offset + j * pitch;
    // Pixel centres are at half-integer positions.
    const startX = a * 0.5 - b * (j + 0.5) + tx - 0.5;
    const startY = b * 0.5 + a * (j + 0.5) + ty - 0.5;
    for (let i = 0; i < columns; i++) {
      let x = startX + a * i;
      let y = startY + b * i;
      x = x < 0 ? 0 : x > right ? right : x;
      y = y < 0 ? 0 : y > bottom ? bottom : y;
      const left = x | 0;
      const top = y | 0;
      const px = x - left;
      const py = y - top;
      const at = (Math.imul(top, stride) + Math.imul(left, step)) | 0;
      const beside = left < right ? (at + step) | 0 : at;
      const down = top < bottom ? stride : 0;
      const below = (at + down) | 0;
      const across = (beside + down) | 0;
      const w11 = px * py;
      const w01 = px - w11;
      const w10 = py - w11;
      const w00 = 1 - px - w10;
      target[out] = data[at]! * w00 + data[beside]! * w01 + data[below]! * w10 + data[across]! * w11;
      if (!isGrey) {
        target[out + 1] =
          data[at + 1]! * w00 + data[beside + 1]! * w01 + data[below + 1]! * w10 + data[across + 1]! * w11;
        target[out + 2] =
          data[at + 2]! * w00 + data[beside + 2]! * w01 + data[below + 2]! * w10 + data[across + 2]! * w11;
      }
      out += 3;
    }
  }
}

/** Writes the mean of `samples` by `samples` pixels: RGB, or luma in the place of red. */
function average(
  frame: Picture,
  { a, b, tx, ty }: Similarity,
  { width: columns, height: rows, pitch, offset }: Window,
  samples: number,
  target: Float32Array,
): void {
  const dx = Math.round((a / samples) * ONE) | 0;
  const dy = Math.round((b / samples) * ONE) | 0;
  const last = columns * samples - 1;
  const isInside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x >> FRACTION < frame.width && y >> FRACTION < frame.height;
  const isGrey = isYuv(frame);
  const addInside = isGrey ? addLuma : addRgb;
  const weight = 1 / (samples * samples);
  const sums = new Int32Array(columns * (isGrey ? 1 : 3));
  for (let j = 0; j < rows; j++) {
    sums.fill(0);
    for (let s = 0; s < samples; s++) {
      const v = j + (s + 0.5) / samples;
      // Every other row of samples is shifted, so that no regular pattern falls through the grid.
      const u = (s % 2 === 0 ? 0.25 : 0.75) / samples;
      const x = Math.floor((a * u - b * v + tx) * ONE);
      const y = Math.floor((b * u + a * v + ty) * ONE);
      const add = isInside(x, y) && isInside(x + last * dx, y + last * dy) ? addInside : addAtEdge;
      add(frame, x, y, dx, dy, samples, sums);
    }
    const out = offset + j * pitch;
    if (isGrey) for (let i = 0; i < columns; i++) target[out + 3 * i] = sums[i]! * weight;
    else for (let i = 0; i < sums.length; i++) target[out + i] = sums[i]! * weight;
  }
}

/** Adds `samples` pixels, from (startX, startY) on in steps of (dx, dy), to each output pixel of a row. */
type RowAdder = (
  frame: Picture,
  startX: number,
  startY: number,
  dx: number,
  dy: number,
  samples: number,
  sums: Int32Array,
) => void;

/** For YUV, where all samples are inside the frame. */
const addLuma: RowAdder = ({ data, width }, startX, startY, dx, dy, samples, sums) => {
  const end = sums.length | 0;
  let x = startX | 0;
  let y = startY | 0;
  for (let i = 0; i < end; i = (i + 1) | 0) {
    let sum = 0;
    for (let t = 0; t < samples; t = (t + 1) | 0) {
      sum = (sum + data[(Math.imul(y >> FRACTION, width) + (x >> FRACTION)) | 0]!) | 0;
      x = (x + dx) | 0;
      y = (y + dy) | 0;
    }
    sums[i] = (sums[i]! + sum) | 0;
  }
};

/** As `addLuma`, for packed RGB. */
const addRgb: RowAdder = ({ data, width }, startX, startY, dx, dy, samples, sums) => {
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
};

/** As `addLuma` or `addRgb`, where samples may be beyond the frame. */
const addAtEdge: RowAdder = (frame, startX, startY, dx, dy, samples, sums) => {
  const { data, width, height } = frame;
  const step = isYuv(frame) ? 1 : 3;
  let x = startX | 0;
  let y = startY | 0;
  for (let i = 0; i < sums.length; i += step) {
    for (let t = 0; t < samples; t++) {
      const column = Math.max(0, Math.min(width - 1, x >> FRACTION));
      const row = Math.max(0, Math.min(height - 1, y >> FRACTION));
      const at = (row * width + column) * step;
      for (let c = 0; c < step; c++) sums[i + c]! += data[at + c]!;
      x = (x + dx) | 0;
      y = (y + dy) | 0;
    }
  }
};

/** Makes scaled RGB of luma and the chroma in the middle of each output pixel. */
function addColour(
  { data, width, height, yuv }: YuvPicture,
  { a, b, tx, ty }: Similarity,
  { width: columns, height: rows, pitch, offset }: Window,
  { gain, offset: [offsetR, offsetG, offsetB] }: PixelScaling,
  target: Float32Array,
): void {
  const { black, luma, redV, greenU, greenV, blueU } = yuv;
  const { u, v, stride } = chromaPlanes(width, height);
  const right = (width << FRACTION) - 1;
  const bottom = (height << FRACTION) - 1;
  const dx = Math.round(a * ONE) | 0;
  const dy = Math.round(b * ONE) | 0;
  for (let j = 0; j < rows; j++) {
    let out = offset + j * pitch;
    let x = Math.floor((a * 0.5 - b * (j + 0.5) + tx) * ONE) | 0;
    let y = Math.floor((b * 0.5 + a * (j + 0.5) + ty) * ONE) | 0;
    for (let i = 0; i < columns; i++) {
      const column = (x < 0 ? 0 : x > right ? right : x) >> (FRACTION + 1);
      const row = (y < 0 ? 0 : y > bottom ? bottom : y) >> (FRACTION + 1);
      const at = (Math.imul(row, stride) + column) | 0;
      const du = data[u + at]! - 128;
      const dv = data[v + at]! - 128;
      const grey = (target[out]! - black) * luma;
      target[out] = clamped(grey + redV * dv) * gain + offsetR;
      target[out + 1] = clamped(grey + greenU * du + greenV * dv) * gain + offsetG;
      target[out + 2] = clamped(grey + blueU * du) * gain + offsetB;
      out += 3;
      x = (x + dx) | 0;
      y = (y + dy) | 0;
    }
  }
}

function clamped(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function scaleValues(
  { width, height, pitch, offset }: Window,
  { gain, offset: [offsetR, offsetG, offsetB] }: PixelScaling,
  target: Float32Array,
): void {
  for (let j = 0; j < height; j++) {
    const start = offset + j * pitch;
    for (let i = start; i < start + 3 * width; i += 3) {
      target[i] = target[i]! * gain + offsetR;
      target[i + 1] = target[i + 1]! * gain + offsetG;
      target[i + 2] = target[i + 2]! * gain + offsetB;
    }
  }
}
