import type { Frame } from '../../ingest/frame.js';
import type { Problem } from '../protocol/problem-codes.js';

export type Pixels = Pick<Frame, 'width' | 'height' | 'data'>;

/** Start of image, and the first byte of the next marker: every JPEG starts with them. */
const SIGNATURE = [0xff, 0xd8, 0xff] as const;

/**
 * Decodes a JPEG to RGB as a browser shows it: rotated by its EXIF orientation, grey and CMYK converted. Runs outside this thread.
 * @param maxPixels larger pictures are refused by their header, before memory is allocated
 * @returns the pixels, or the problem with the picture
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | Problem> {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte))
    return {
      code: 'BAD_PICTURE',
      message: 'the picture is not a JPEG (it does not start with FF D8 FF); send baseline or progressive JPEG',
    };
  try {
    const { default: sharp } = await import('sharp');
    const decoder = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels });
    const { data, info } = await decoder
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3)
      return { code: 'BAD_PICTURE', message: `the JPEG decodes to ${info.channels} channels instead of 3` };
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (error) {
    const reason = firstLine(error);
    if (reason.includes('exceeds pixel limit')) return tooLarge(maxPixels);
    return {
      code: 'BAD_PICTURE',
      message: `the JPEG cannot be decoded: ${reason}; check that all of its bytes were sent`,
    };
  }
}

export function tooLarge(maxPixels: number): Problem {
  return { code: 'PICTURE_TOO_LARGE', message: `the picture has more than ${maxPixels} pixels; send a smaller one` };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
