import sharp from 'sharp';
import { FerError } from '../../../errors/fer-error.js';

/** Larger pictures are scaled down to this side: a report stays small enough to send. */
const LARGEST_SIDE = 96;

/**
 * A square picture as a PNG data URI. Its side and channels follow from its length: no number is both a square and
 * three times one.
 * @param pixels [S, S, 1] or [S, S, 3], 0..255
 * @throws FerError CONFIG_INVALID for any other length.
 */
export async function pngDataUri(pixels: Uint8Array): Promise<string> {
  const channels = Number.isInteger(Math.sqrt(pixels.length)) ? 1 : 3;
  const side = Math.sqrt(pixels.length / channels);
  if (!Number.isInteger(side) || side === 0) {
    throw new FerError('CONFIG_INVALID', `a picture for the report has ${pixels.length} values; it must be square, with 1 or 3 channels`);
  }
  const png = await sharp(pixels, { raw: { width: side, height: side, channels } })
    .resize({ width: LARGEST_SIDE, withoutEnlargement: true })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
