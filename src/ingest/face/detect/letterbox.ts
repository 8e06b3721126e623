import type { Frame } from '../../frame.js';
import { resample } from '../align/warp.js';
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

/** Samples along an axis when shrinking: with more, large frames would cost more than the network they feed. */
const MOST_SAMPLES = 3;

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
  const { width, height, scale, x, y } = letterbox;
  const [left, right] = covered(width, x, scale, frame.width);
  const [top, bottom] = covered(height, y, scale, frame.height);
  const pitch = width * 3;
  const inside = { width: right - left, height: bottom - top, pitch, offset: offset + top * pitch + left * 3 };
  if (inside.width < width || inside.height < height) {
    const [red, green, blue] = scaling.offset;
    for (let i = offset; i < offset + height * pitch; i += 3) {
      target[i] = red;
      target[i + 1] = green;
      target[i + 2] = blue;
    }
  }
  const fromInside = { a: scale, b: 0, tx: x + left * scale, ty: y + top * scale };
  resample(frame, fromInside, inside, MOST_SAMPLES, scaling, target);
}

/** The input pixels along an axis whose centres are inside the frame: from the first up to the second. */
function covered(count: number, start: number, scale: number, length: number): [number, number] {
  const first = Math.max(0, Math.ceil(-start / scale - 0.5));
  return [first, Math.max(first, Math.min(count, Math.ceil((length - start) / scale - 0.5)))];
}
