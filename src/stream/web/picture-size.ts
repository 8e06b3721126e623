import type { Size } from '../output/canvas-fit.js';

/** Faces are found in no more than this; what is larger only costs time on the way. */
const LONGEST_SIDE = 640;

/** What is sent of a picture of `size`: as it is, or scaled down to 640 pixels a side and to no more than `pixels` in all. */
export function sentSize({ width, height }: Size, pixels: number): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height), Math.sqrt(pixels / (width * height)));
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
}
