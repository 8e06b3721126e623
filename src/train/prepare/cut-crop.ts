import sharp from 'sharp';
import { alignFace } from '../../ingest/index.js';
import type { Frame, Point } from '../../ingest/index.js';
import type { CropGeometry } from '../../model/crop-geometry.js';

/** The aligned face, as annotating cuts it out, each value rounded to a byte. [S, S, C] */
export function faceCrop(picture: Frame, landmarks: readonly Point[], geometry: CropGeometry): Uint8Array {
  return bytes(alignFace(picture, landmarks, geometry).data);
}

/** All of the picture, brought to the crop's size; for pictures that are face crops already. [S, S, C] */
export async function wholeCrop({ data, width, height }: Frame, { size, channels }: CropGeometry): Promise<Uint8Array> {
  const rgb = await sharp(data, { raw: { width, height, channels: 3 } }).resize(size, size, { fit: 'fill' }).raw().toBuffer();
  return channels === 3 ? new Uint8Array(rgb) : bytes(luma(rgb));
}

/** Rec. 601, as alignFace makes it. */
function luma(rgb: Uint8Array): Float32Array {
  return Float32Array.from({ length: rgb.length / 3 }, (_, i) => 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!);
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(values)); // rounds
}
