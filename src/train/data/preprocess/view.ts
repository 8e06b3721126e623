import sharp from 'sharp';
import type { Frame, Point } from '../../../ingest/index.js';

/** A picture in the form in which faces are looked for, and the way back to the picture itself. */
export interface View {
  readonly frame: Frame;
  /** From pixels of `frame` to pixels of the picture. */
  readonly toPicture: (points: readonly Point[]) => Point[];
}

/** Longer side, in pixels, up to which a picture is likely to be nothing but a face. */
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
  const { data, width, height, index, timestamp } = picture;
  const enlarged = Math.max(1, ROOMY_SIDE / Math.max(width, height));
  const w = Math.round(width * enlarged);
  const h = Math.round(height * enlarged);
  const margin = Math.round(Math.max(w, h) * MARGIN);
  // Two steps: in one, sharp would add the margin first.
  const resized = await sharp(data, { raw: { width, height, channels: 3 } })
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
