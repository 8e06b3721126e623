import type { FaceCrop } from '../../model/crop-geometry.js';
import { flip } from './flip.js';

/** The face with left and right exchanged. */
export function mirroredCrop({ geometry, data }: FaceCrop): FaceCrop {
  const { size, channels } = geometry;
  return { geometry, data: flip({ data, height: size, width: size, channels }).data };
}
