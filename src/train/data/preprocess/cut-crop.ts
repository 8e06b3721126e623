import sharp from 'sharp';
import { alignFace } from '../../../ingest/index.js';
import type { Frame, Point } from '../../../ingest/index.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { grey } from '../crops/grey.js';

/** The aligned face, as annotating cuts it out, each value rounded to a byte. [S, S, C] */
export function faceCrop(picture: Frame, landmarks: readonly Point[], geometry: CropGeometry): Uint8Array {
  return bytes(alignFace(picture, landmarks, geometry).data);
}

/** All of the picture, brought to the crop's size; for pictures that are face crops already. [S, S, C] */
export async function wholeCrop({ data, width, height }: Frame, { size, channels }: CropGeometry): Promise<Uint8Array> {
  const rgb = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(size, size, { fit: 'fill' })
    .raw()
    .toBuffer();
  return channels === 3 ? new Uint8Array(rgb) : grey(rgb);
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(values)); // rounds
}
