import type { Point } from '../align/geometry.js';

/** Quarter turns clockwise on screen by which faces are rolled: 0 upright, 1 lying to the right, 2 upside down, 3 lying to the left. */
export type QuarterTurn = 0 | 1 | 2 | 3;

export const QUARTER_TURNS: readonly QuarterTurn[] = [0, 1, 2, 3];

/** Degrees clockwise by which footage must be turned to be upright; `auto` finds out which way up each face is. */
export const ROTATIONS = ['auto', 0, 90, 180, 270] as const;
export type Rotation = (typeof ROTATIONS)[number];

/** How faces are rolled in footage that needs this rotation. */
export function quarterFor(rotation: Exclude<Rotation, 'auto'>): QuarterTurn {
  return (((360 - rotation) / 90) % 4) as QuarterTurn;
}

/** The quarter turn nearest to an angle in radians. */
export function nearestQuarter(angle: number): QuarterTurn {
  return (((Math.round(angle / (Math.PI / 2)) % 4) + 4) % 4) as QuarterTurn;
}

/** Radians between two directions, 0..pi. */
export function angleBetween(a: number, b: number): number {
  return Math.abs(Math.atan2(Math.sin(a - b), Math.cos(a - b)));
}

/** Width and height of a picture. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/**
 * Turns packed pixels back by quarter turns, so that faces rolled by `quarter` become upright.
 * @param pixels three values a pixel [height, width, 3]
 */
export function turnUpright(
  pixels: Float32Array,
  { width, height }: Extent,
  quarter: QuarterTurn,
): Extent & { pixels: Float32Array } {
  if (quarter === 0) return { pixels, width, height };
  const turned = new Float32Array(pixels.length);
  const size = quarter === 2 ? { width, height } : { width: height, height: width };
  let out = 0;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const column = quarter === 1 ? width - 1 - y : quarter === 2 ? width - 1 - x : y;
      const row = quarter === 1 ? x : quarter === 2 ? height - 1 - y : height - 1 - x;
      const at = (row * width + column) * 3;
      turned[out++] = pixels[at]!;
      turned[out++] = pixels[at + 1]!;
      turned[out++] = pixels[at + 2]!;
    }
  }
  return { pixels: turned, ...size };
}

/** Maps a point of the upright picture to the original one, of this `width` and `height`. */
export function turnBack({ x, y }: Point, { width, height }: Extent, quarter: QuarterTurn): Point {
  if (quarter === 0) return { x, y };
  if (quarter === 1) return { x: width - y, y: x };
  if (quarter === 2) return { x: width - x, y: height - y };
  return { x: y, y: height - x };
}
