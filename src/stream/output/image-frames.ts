import { Readable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import type { Size } from './canvas-fit.js';

/** Few machines play larger videos. */
const LONGEST_SIDE = 3840;

/** Size of a video of these images: that of the first readable one, upright, with even sides. */
export async function imageVideoSize(paths: readonly string[]): Promise<Size> {
  for (const path of paths) {
    const size = await uprightSize(path);
    if (size === null) continue;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(size.width, size.height));
    const even = (side: number): number => Math.max(2, 2 * Math.floor((side * scale) / 2));
    return { width: even(size.width), height: even(size.height) };
  }
  throw new FerError(
    'INPUT_UNREADABLE',
    `${paths[0] ?? 'no image'}: none of the images can be decoded for the overlay; check that they are still there`,
  );
}

/**
 * The images as raw RGB of one size, upright, fitted with black bars, read one at a time as ffmpeg takes them. If one cannot be read, the
 * image before it is shown instead.
 */
export function imageFrames(paths: readonly string[], size: Size): Readable {
  return Readable.from(rawFrames(paths, size), { objectMode: false, highWaterMark: 1 });
}

async function* rawFrames(paths: readonly string[], size: Size): AsyncGenerator<Buffer, void, undefined> {
  let shown: Buffer = Buffer.alloc(size.width * size.height * 3);
  for (const path of paths) {
    shown = (await rawFrame(path, size)) ?? shown;
    yield shown;
  }
}

async function rawFrame(path: string, { width, height }: Size): Promise<Buffer | null> {
  try {
    const { default: sharp } = await import('sharp');
    return await sharp(path, { failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .removeAlpha()
      .resize({ width, height, fit: 'contain', background: '#000' })
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch {
    return null;
  }
}

async function uprightSize(path: string): Promise<Size | null> {
  try {
    const { default: sharp } = await import('sharp');
    return (await sharp(path).metadata()).autoOrient;
  } catch {
    return null;
  }
}
