import { FACE_API_MEAN_RGB } from '../../../model/pretrained/face-api-mean.js';

/** How byte values become network inputs: `value * gain + offset`, one offset per channel. */
export interface PixelScaling {
  readonly gain: number;
  readonly offset: readonly [number, number, number];
}

const [red, green, blue] = FACE_API_MEAN_RGB;

/** The scaling of face-api's landmark and recognition networks. */
export const FACE_API_SCALING: PixelScaling = { gain: 1 / 255, offset: [-red / 255, -green / 255, -blue / 255] };
