import { FACE_API_MEAN_RGB } from '../../model/pretrained/face-api-mean.js';
import type { PixelScaling } from './letterbox.js';

const [red, green, blue] = FACE_API_MEAN_RGB;

/** Bytes as face-api's landmark and recognition networks want them. */
export const FACE_API_SCALING: PixelScaling = { gain: 1 / 255, offset: [-red / 255, -green / 255, -blue / 255] };
