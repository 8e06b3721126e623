import type { CropGeometry, FaceCrop } from '../../../model/crop-geometry.js';
import type { Picture } from '../../frame.js';
import { luma601 } from '../../frame.js';
import { type Point, type Similarity, distance, facePoints, fitSimilarity } from './geometry.js';
import { warpRgb } from './warp.js';

const RAW = { gain: 1, offset: [0, 0, 0] } as const;
/** Largest plausible ratio of eye distance to the distance from the eyes' middle to the mouth. */
const WIDEST_EYES = 1.25;

/**
 * The similarity that maps the crop's pixels onto the frame: least squares over both eyes and the mouth. The distance of
 * the eyes is taken from the face itself, so that a turned head, whose eyes are closer together, keeps its scale.
 */
export function cropToFrame(landmarks: readonly Point[], geometry: CropGeometry): Similarity {
  const { left, right, mouth } = facePoints(landmarks);
  const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  const height = Math.max(1e-3, distance(middle, mouth));
  const spread = Math.min(WIDEST_EYES, distance(left, right) / height);
  const scaled = ({ x, y }: Point): Point => ({ x: x * geometry.size, y: y * geometry.size });
  const eyes = scaled(geometry.eyes);
  const mouthPlace = scaled(geometry.mouth);
  // The eyes are on a line perpendicular to the template's axis.
  const half = { x: ((eyes.y - mouthPlace.y) * spread) / 2, y: ((mouthPlace.x - eyes.x) * spread) / 2 };
  const template = [{ x: eyes.x + half.x, y: eyes.y + half.y }, { x: eyes.x - half.x, y: eyes.y - half.y }, mouthPlace];
  return fitSimilarity(template, [left, right, mouth], [1, 1, 2]);
}

/**
 * Cuts an upright face of fixed size out of a frame.
 * @param landmarks the 68 points, in pixels of the frame
 * @returns values 0..255; beyond the frame its edge is repeated
 */
export function alignFace(frame: Picture, landmarks: readonly Point[], geometry: CropGeometry): FaceCrop {
  const { size, channels } = geometry;
  const rgb = new Float32Array(size * size * 3);
  warpRgb(frame, cropToFrame(landmarks, geometry), size, RAW, rgb);
  return { geometry, data: channels === 3 ? rgb : toGrey(rgb) };
}

/** Rec. 601 luma of packed RGB. */
export function toGrey(rgb: Float32Array): Float32Array {
  const grey = new Float32Array(rgb.length / 3);
  for (let i = 0; i < grey.length; i++) grey[i] = luma601(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!);
  return grey;
}
