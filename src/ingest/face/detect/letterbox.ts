import type { Frame } from '../../frame.js';
import type { Box, Point } from '../align/geometry.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { type Extent, type QuarterTurn, turnBack } from './quarter-turn.js';

/** A network input filled from part of a frame, and the way back to frame pixels. */
export interface Letterbox {
  /** Input size in pixels. */
  readonly width: number;
  readonly height: number;
  /** Frame pixels per input pixel, the same in both directions. */
  readonly scale: number;
  /** The frame position that lands on the input's top left corner. */
  readonly x: number;
  readonly y: number;
}

/**
 * Places `region` into an input whose longer side is `size` pixels and whose sides are multiples of `multiple`:
 * the shorter side is only as long as the region needs, which saves the work a square input would waste on padding.
 * @param anchor "center" spreads the padding evenly, "start" leaves it at the right and bottom
 */
export function fitLetterbox(
  region: Box,
  size: number,
  multiple: number,
  anchor: 'center' | 'start' = 'center',
): Letterbox {
  const scale = Math.max(region.width, region.height) / size;
  const up = (length: number): number =>
    Math.min(size, Math.max(multiple, Math.ceil(length / scale / multiple - 1e-6) * multiple));
  const width = up(region.width);
  const height = up(region.height);
  const slack = anchor === 'center' ? 0.5 : 0;
  return {
    width,
    height,
    scale,
    x: region.x - (width * scale - region.width) * slack,
    y: region.y - (height * scale - region.height) * slack,
  };
}

export function toFrame(letterbox: Letterbox, point: Point): Point {
  return { x: letterbox.x + point.x * letterbox.scale, y: letterbox.y + point.y * letterbox.scale };
}

/**
 * A box that a network found in the letterbox turned upright, in pixels of the frame.
 * @param center in pixels of the upright input
 */
export function boxToFrame(letterbox: Letterbox, center: Point, size: Extent, quarter: QuarterTurn): Box {
  const { x, y } = toFrame(letterbox, turnBack(center, letterbox, quarter));
  const isSideways = quarter % 2 === 1;
  const width = (isSideways ? size.height : size.width) * letterbox.scale;
  const height = (isSideways ? size.width : size.height) * letterbox.scale;
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** Samples taken for one output pixel along one axis: up to `taps` frame positions with weights that sum to 1. */
interface AxisTaps {
  readonly taps: number;
  readonly positions: Int32Array;
  readonly weights: Float32Array;
  /** 0 where the output pixel is outside the frame. */
  readonly inside: Uint8Array;
}

/** Samples along an axis when shrinking: with more, large frames would cost more than the network they feed. */
const FEWEST_TAPS = 2;
const MOST_TAPS = 3;

function axisTaps(count: number, start: number, scale: number, length: number): AxisTaps {
  const taps = Math.max(FEWEST_TAPS, Math.min(MOST_TAPS, Math.floor(scale)));
  const positions = new Int32Array(count * taps);
  const weights = new Float32Array(count * taps);
  const inside = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const center = start + (i + 0.5) * scale;
    inside[i] = center >= 0 && center < length ? 1 : 0;
    if (scale <= 1) {
      const left = Math.floor(center - 0.5);
      const share = center - 0.5 - left;
      positions[2 * i] = clamp(left, length);
      positions[2 * i + 1] = clamp(left + 1, length);
      weights[2 * i] = 1 - share;
      weights[2 * i + 1] = share;
    } else {
      for (let tap = 0; tap < taps; tap++) {
        positions[i * taps + tap] = clamp(Math.floor(center + ((tap + 0.5) / taps - 0.5) * scale), length);
        weights[i * taps + tap] = 1 / taps;
      }
    }
  }
  return { taps, positions, weights, inside };
}

function clamp(position: number, length: number): number {
  return Math.max(0, Math.min(length - 1, position));
}

/**
 * Fills a network input from a frame: bilinear when enlarging, averaging over the covered pixels when shrinking.
 * Input pixels outside the frame become black.
 * @param target [height, width, 3] of the letterbox, written from `offset`
 */
export function fillLetterbox(
  frame: Frame,
  letterbox: Letterbox,
  scaling: PixelScaling,
  target: Float32Array,
  offset = 0,
): void {
  const { width, height } = letterbox;
  const columns = axisTaps(width, letterbox.x, letterbox.scale, frame.width);
  const rows = axisTaps(height, letterbox.y, letterbox.scale, frame.height);
  const { data } = frame;
  const { gain } = scaling;
  const [offsetR, offsetG, offsetB] = scaling.offset;
  const stride = frame.width * 3;
  const nx = columns.taps;
  const ny = rows.taps;
  const xs = columns.positions.map((x) => x * 3);
  let out = offset;
  for (let j = 0; j < height; j++) {
    if (rows.inside[j] === 0) {
      for (let i = 0; i < width; i++) {
        target[out++] = offsetR;
        target[out++] = offsetG;
        target[out++] = offsetB;
      }
      continue;
    }
    for (let i = 0; i < width; i++) {
      let r = 0;
      let g = 0;
      let b = 0;
      if (columns.inside[i] === 1) {
        for (let v = 0; v < ny; v++) {
          const line = rows.positions[j * ny + v]! * stride;
          let lineR = 0;
          let lineG = 0;
          let lineB = 0;
          for (let u = i * nx; u < i * nx + nx; u++) {
            const at = line + xs[u]!;
            const share = columns.weights[u]!;
            lineR += data[at]! * share;
            lineG += data[at + 1]! * share;
            lineB += data[at + 2]! * share;
          }
          const share = rows.weights[j * ny + v]!;
          r += lineR * share;
          g += lineG * share;
          b += lineB * share;
        }
      }
      target[out++] = r * gain + offsetR;
      target[out++] = g * gain + offsetG;
      target[out++] = b * gain + offsetB;
    }
  }
}
