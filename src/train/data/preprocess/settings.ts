import { FerError } from '../../../errors/fer-error.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';

/** What becomes of an image in which no face is found: all of it is used as the crop, or the image is left out. */
export const NO_FACE = ['whole', 'skip'] as const;
export type NoFace = (typeof NO_FACE)[number];

/** What decides about the crops; kept with them. */
export interface PrepareSettings {
  /** How faces are cut out. Default: DEFAULT_CROP */
  readonly geometry: CropGeometry;
  /** Frames of a clip to keep for each second; null keeps all. Default: null */
  readonly framesPerSecond: number | null;
  /** Default: "whole" */
  readonly noFace: NoFace;
}

/** @throws FerError CONFIG_INVALID for values out of range */
export function prepareSettings({
  geometry = DEFAULT_CROP,
  framesPerSecond = null,
  noFace = 'whole',
}: Partial<PrepareSettings>): PrepareSettings {
  const { size } = geometry;
  if (!(Number.isInteger(size) && size >= 8 && size <= 1024)) {
    throw new FerError('CONFIG_INVALID', `crop size ${size} is out of range: give a whole number of pixels, 8 to 1024`);
  }
  if (framesPerSecond !== null && !(framesPerSecond > 0 && Number.isFinite(framesPerSecond))) {
    throw new FerError('CONFIG_INVALID', `${framesPerSecond} frames per second cannot be kept: give a number above 0`);
  }
  return { geometry, framesPerSecond, noFace };
}
