import { DEFAULT_CROP, isSameCut } from '../../../model/crop-geometry.js';
import type { CropGeometry, FaceCrop } from '../../../model/crop-geometry.js';
import { luma601 } from '../../frame.js';
import type { Picture } from '../../frame.js';
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

/** Side of a patch in pixels. */
export const PATCH_SIDE = 48;
const SIDE = PATCH_SIDE;
/** Faces are compared at half the side, without their finest detail. */
const COARSE = SIDE / 2;

/** A small upright crop of a face: for comparing it with itself a moment later, and for judging the picture. */
export interface FacePatch {
  /** RGB, 0..255. [48 * 48 * 3] */
  readonly rgb: Float32Array;
  /** 0..255. [48 * 48] */
  readonly grey: Float32Array;
  /** Mean 0, norm 1. [24 * 24] */
  readonly coarse: Float32Array;
}

/** The crop of our own networks, in colour. */
const GEOMETRY: CropGeometry = { ...DEFAULT_CROP, size: SIDE, channels: 3 };

/** @param landmarks the 68 points, in pixels of the frame */
export function facePatch(frame: Picture, landmarks: readonly Point[]): FacePatch {
  const { data: rgb } = alignFace(frame, landmarks, GEOMETRY);
  const grey = toGrey(rgb);
  const coarse = new Float32Array(COARSE * COARSE);
  let mean = 0;
  for (let y = 0; y < COARSE; y++) {
    for (let x = 0; x < COARSE; x++) {
      const at = 2 * y * SIDE + 2 * x;
      const value = grey[at]! + grey[at + 1]! + grey[at + SIDE]! + grey[at + SIDE + 1]!;
      coarse[y * COARSE + x] = value;
      mean += value / coarse.length;
    }
  }
  let norm = 0;
  for (let i = 0; i < coarse.length; i++) {
    coarse[i]! -= mean;
    norm += coarse[i]! ** 2;
  }
  const scale = 1 / Math.max(1e-6, Math.sqrt(norm));
  for (let i = 0; i < coarse.length; i++) coarse[i]! *= scale;
  return { rgb, grey, coarse };
}

/** The crop for a network: the patch itself where it has that geometry. @param landmarks that the patch was cut by */
export function faceCrop(
  frame: Picture,
  landmarks: readonly Point[],
  patch: FacePatch,
  geometry: CropGeometry,
): FaceCrop {
  return isSameCut(geometry, GEOMETRY)
    ? { geometry, data: geometry.channels === 3 ? patch.rgb : patch.grey }
    : alignFace(frame, landmarks, geometry);
}

/** Normalised cross-correlation, -1..1: 1 for the same picture, whatever its brightness and contrast. */
export function patchSimilarity(a: FacePatch, b: FacePatch): number {
  let sum = 0;
  for (let i = 0; i < a.coarse.length; i++) sum += a.coarse[i]! * b.coarse[i]!;
  return sum;
}

/** Columns or rows of a half: a little less, as what hides the other half rarely ends in the middle. */
const HALF = 10;
/** A half with less of the face's contrast than this share shows nothing to compare. */
const FEATURELESS = 0.1;

/** The similarity of the two halves (left, right, upper or lower) that are most alike, -1..1. */
export function halfSimilarity(a: FacePatch, b: FacePatch): number {
  const areas = [
    [0, 0, HALF, COARSE],
    [COARSE - HALF, 0, COARSE, COARSE],
    [0, 0, COARSE, HALF],
    [0, COARSE - HALF, COARSE, COARSE],
  ] as const;
  return Math.max(...areas.map(([left, top, right, bottom]) => areaSimilarity(a, b, left, top, right, bottom)));
}

function areaSimilarity(a: FacePatch, b: FacePatch, left: number, top: number, right: number, bottom: number): number {
  const count = (right - left) * (bottom - top);
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const p = a.coarse[y * COARSE + x]!;
      const q = b.coarse[y * COARSE + x]!;
      sumA += p;
      sumB += q;
      squaresA += p * p;
      squaresB += q * q;
      products += p * q;
    }
  }
  const spreadA = squaresA - (sumA * sumA) / count;
  const spreadB = squaresB - (sumB * sumB) / count;
  // The squares of a whole patch sum to 1.
  if (spreadA < FEATURELESS) return -1;
  return (products - (sumA * sumB) / count) / Math.sqrt(Math.max(1e-9, spreadA * spreadB));
}

/** Share of a patch's contrast that is in its finest detail; falls when the face is blurred or was enlarged. */
export function fineDetail({ grey }: FacePatch): number {
  let mean = 0;
  for (const value of grey) mean += value / grey.length;
  let contrast = 0;
  for (const value of grey) contrast += (value - mean) ** 2;
  let detail = 0;
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      const at = y * SIDE + x;
      detail += (4 * grey[at]! - grey[at - 1]! - grey[at + 1]! - grey[at - SIDE]! - grey[at + SIDE]!) ** 2;
    }
  }
  return Math.sqrt(detail / Math.max(1, contrast));
}
