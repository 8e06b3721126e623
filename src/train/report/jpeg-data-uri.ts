import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { FerError } from '../../errors/fer-error.js';

/** Larger pictures are scaled down to this side: a report stays small enough to send. */
const LARGEST_SIDE = 96;

/**
 * A square picture as a PNG data URI. Its side and channels follow from its length: no number is both a square and
 * three times one.
 * @param pixels [S, S, 1] or [S, S, 3], 0..255
 * @throws FerError CONFIG_INVALID for any other length.
 */
export async function pngDataUri(pixels: Uint8Array): Promise<string> {
  return `data:image/png;base64,${(await thumbnail(pixels).png().toBuffer()).toString('base64')}`;
}

/** The same as JPEG, for pages of many pictures. */
export async function jpegDataUri(pixels: Uint8Array): Promise<string> {
  return `data:image/jpeg;base64,${(await thumbnail(pixels).jpeg().toBuffer()).toString('base64')}`;
}

function thumbnail(pixels: Uint8Array): Sharp {
  const channels = Number.isInteger(Math.sqrt(pixels.length)) ? 1 : 3;
  const side = Math.sqrt(pixels.length / channels);
  if (!Number.isInteger(side) || side === 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `a picture for the report has ${pixels.length} values; it must be square, with 1 or 3 channels`,
    );
  }
  return sharp(pixels, { raw: { width: side, height: side, channels } }).resize({
    width: LARGEST_SIDE,
    withoutEnlargement: true,
  });
}
