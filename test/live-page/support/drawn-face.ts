import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

/** A smiling face that was drawn, and that the networks take for one: fixtures/drawn-face.svg, 640x480, as PNG. */
export async function drawnFace(): Promise<Buffer> {
  return sharp(await readFile(new URL('../../../fixtures/drawn-face.svg', import.meta.url)))
    .flatten()
    .png()
    .toBuffer();
}

/** The middle of its face, and how large it is at least and at most, as drawn. */
export const DRAWN_FACE = { x: 320, y: 235, smallest: 140, largest: 300 } as const;
