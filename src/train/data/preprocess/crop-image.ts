import { findFaces } from '../../../ingest/face/face-search.js';
import type { FoundFace } from '../../../ingest/face/face-search.js';
import { alignFace } from '../../../ingest/face/align/align-face.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import type { Frame } from '../../../ingest/frame.js';
import { toRgb } from '../../../ingest/frame.js';
import { boundsOf } from '../../../ingest/face/align/geometry.js';
import type { Point } from '../../../ingest/face/align/geometry.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropFlaw } from './sample-row.js';
import type { CropFlaw, CropOrigin } from './sample-row.js';
import type { NoFace } from './prepared-header.js';
import sharp from 'sharp';
import { grey } from '../crops/image-crops.js';

/** Face sizes searched in the padded view, as shares of its side: first those that fill the picture, which is fast. */
const FILLING = 0.2;
const SMALLER = 0.07;

/** The crop of an image: its largest face, else what `noFace` says. */
export async function cropImage(
  picture: Frame,
  nets: FaceNets,
  { geometry, noFace }: { readonly geometry: CropGeometry; readonly noFace: NoFace },
): Promise<{ readonly origin: CropOrigin; readonly crop: Uint8Array | null; readonly flaw: CropFlaw | null }> {
  const face = await findLargest(picture, nets);
  if (face !== null) {
    const crop = faceCrop(picture, face.landmarks, geometry);
    return { origin: 'detected', crop, flaw: cropFlaw(face, picture, crop, geometry) };
  }
  return noFace === 'whole'
    ? { origin: 'whole', crop: await wholeCrop(picture, geometry), flaw: null }
    : { origin: 'none', crop: null, flaw: null };
}

/** A face in pixels of the picture it is cut from. */
export type PicturedFace = Pick<FoundFace, 'box' | 'landmarks'>;

/** The largest face; null where there is none. */
export async function findLargest(picture: Frame, nets: FaceNets): Promise<PicturedFace | null> {
  const largestIn = async (view: View, minSize?: number): Promise<PicturedFace | null> => {
    const [face] = await findFaces(view.frame, nets, minSize === undefined ? {} : { minSize });
    return face === undefined ? null : inPicture(face, view);
  };
  if (!isFaceCrop(picture)) {
    const found = await largestIn(plainView(picture));
    if (found !== null) return found;
  }
  // A face may fill the picture: give it room.
  const roomy = await roomyView(picture);
  const side = Math.max(roomy.frame.width, roomy.frame.height);
  return (await largestIn(roomy, FILLING * side)) ?? (await largestIn(roomy, SMALLER * side));
}

/** The aligned face, as annotating cuts it out, each value rounded to a byte. [S, S, C] */
export function faceCrop(picture: Frame, landmarks: readonly Point[], geometry: CropGeometry): Uint8Array {
  return bytes(alignFace(picture, landmarks, geometry).data);
}

/** All of the picture, brought to the crop's size; for pictures that are face crops already. [S, S, C] */
export async function wholeCrop(picture: Frame, { size, channels }: CropGeometry): Promise<Uint8Array> {
  const { width, height } = picture;
  const rgb = await sharp(toRgb(picture), { raw: { width, height, channels: 3 } })
    .resize(size, size, { fit: 'fill' })
    .raw()
    .toBuffer();
  return channels === 3 ? new Uint8Array(rgb) : grey(rgb);
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(values)); // rounds
}

/** A picture as searched for faces, and the mapping back to the original. */
export interface View {
  readonly frame: Frame;
  /** From pixels of `frame` to pixels of the picture. */
  readonly toPicture: (points: readonly Point[]) => Point[];
}

/** The face of a view in pixels of the picture. */
export function inPicture(
  { box: { x, y, width, height }, landmarks }: PicturedFace,
  { toPicture }: View,
): PicturedFace {
  const box = boundsOf(
    toPicture([
      { x, y },
      { x: x + width, y: y + height },
    ]),
  );
  return { box, landmarks: toPicture(landmarks) };
}

/** Longer side, in pixels, up to which a picture is probably a face crop. */
const FACE_CROP_SIDE = 128;
/** A roomy view's picture has this longer side, with this share of it added all around. */
const ROOMY_SIDE = 192;
const MARGIN = 0.25;

/** Pictures this small are face crops already (FERPlus 48 pixels, RAF-DB 100, Aff-Wild2 112), or too small to show anything. */
export function isFaceCrop({ width, height }: Frame): boolean {
  return Math.max(width, height) <= FACE_CROP_SIDE;
}

/** The picture as it is. */
export function plainView(frame: Frame): View {
  return { frame, toPicture: (points) => [...points] };
}

/**
 * The picture, enlarged where it is small, in the middle of a larger one whose margin repeats its edge: detectors were trained on faces with
 * something around them, and of a certain size. Only for finding; what is cut out is cut out of the picture itself.
 */
export async function roomyView(picture: Frame): Promise<View> {
  const { width, height, index, timestamp } = picture;
  const enlarged = Math.max(1, ROOMY_SIDE / Math.max(width, height));
  const w = Math.round(width * enlarged);
  const h = Math.round(height * enlarged);
  const margin = Math.round(Math.max(w, h) * MARGIN);
  // Two steps: in one, sharp would add the margin first.
  const resized = await sharp(toRgb(picture), { raw: { width, height, channels: 3 } })
    .resize(w, h, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  const extended = await sharp(resized, { raw: { width: w, height: h, channels: 3 } })
    .extend({ top: margin, bottom: margin, left: margin, right: margin, extendWith: 'copy' })
    .raw()
    .toBuffer();
  return {
    frame: { index, timestamp, width: w + 2 * margin, height: h + 2 * margin, data: new Uint8Array(extended) },
    toPicture: (points) =>
      points.map(({ x, y }) => ({ x: ((x - margin) * width) / w, y: ((y - margin) * height) / h })),
  };
}
