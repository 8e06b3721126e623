import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

/** A drawn smiling face that the networks detect: fixtures/drawn-face.svg, 640x480, as PNG. */
export async function drawnFace(): Promise<Buffer> {
  return sharp(await readFile(new URL('../../../fixtures/drawn-face.svg', import.meta.url)))
    .flatten()
    .png()
    .toBuffer();
}

/** Center and bounds of the size of the drawn face. */
export const DRAWN_FACE = { x: 320, y: 235, smallest: 140, largest: 300 } as const;
