/**
 * How a face is cut out of a frame for a network: a similarity transform takes the facial landmarks to fixed places
 * in a square crop. The same geometry is used for training and for inference, and is stored with every checkpoint.
 */
export interface CropGeometry {
  /** Side of the square crop in pixels. */
  readonly size: number;
  /** 1 = grey (Rec. 601 luma), 3 = RGB. */
  readonly channels: 1 | 3;
  /** Where the middle between the eyes, and the middle of the mouth, come to lie, as fractions of the side. */
  readonly eyes: { readonly x: number; readonly y: number };
  readonly mouth: { readonly x: number; readonly y: number };
}

/** An aligned face: `size * size * channels` values in 0..255, row by row, channels interleaved. */
export interface FaceCrop {
  readonly geometry: CropGeometry;
  readonly data: Float32Array;
}
