/**
 * How a face is cut out of a frame for a network: a similarity transform takes the facial landmarks to fixed places
 * in a square crop. The same geometry is used for training and for inference, and is stored with every checkpoint.
 */
export interface CropGeometry {
  /** Side of the square crop in pixels. */
  readonly size: number;
  /** 1 = grey (Rec. 601 luma), 3 = RGB. */
  readonly channels: 1 | 3;
  /** Positions of the midpoint between the eyes and of the middle of the mouth, as fractions of the side. */
  readonly eyes: { readonly x: number; readonly y: number };
  readonly mouth: { readonly x: number; readonly y: number };
}

/** An aligned face: `size * size * channels` values in 0..255, row by row, channels interleaved. */
export interface FaceCrop {
  readonly geometry: CropGeometry;
  readonly data: Float32Array;
}

/**
 * Crop of our own networks: 48x48 grey, eyes and mouth at their mean positions in FER2013 and FERPlus (docs/prepare.md), so that faces
 * cropped from video look like theirs.
 */
export const DEFAULT_CROP: CropGeometry = {
  size: 48,
  channels: 1,
  eyes: { x: 0.5, y: 0.375 },
  mouth: { x: 0.5, y: 0.775 },
};

/** Whether two crops of a face are the same picture. */
export function isSameCrop(a: CropGeometry, b: CropGeometry): boolean {
  return a.channels === b.channels && isSameCut(a, b);
}

/** Whether two crops of a face are the same picture but for its colour. */
export function isSameCut(a: CropGeometry, b: CropGeometry): boolean {
  const isSamePoint = (p: CropGeometry['eyes'], q: CropGeometry['eyes']): boolean => p.x === q.x && p.y === q.y;
  return a.size === b.size && isSamePoint(a.eyes, b.eyes) && isSamePoint(a.mouth, b.mouth);
}
