import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Frame } from '../../ingest/frame.js';

/** A picture as a frame in which faces can be looked for: upright, RGB. Throws what sharp throws for one that cannot be decoded. */
export async function pictureFrame(path: string, index: number, timestamp: number): Promise<Frame> {
  const picture = sharp(await readFile(path)).autoOrient().flatten({ background: '#000' }).toColourspace('srgb').removeAlpha();
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { index, timestamp, width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
