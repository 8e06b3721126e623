import { PATCH_SIDE as SIDE } from '../../ingest/face/align/align-face.js';
import type { FacePatch } from '../../ingest/face/align/align-face.js';
import { distance, meanPoint } from '../../ingest/face/align/geometry.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import { luma601 } from '../../ingest/frame.js';
import { visibilityOf } from './visibility.js';
import type { Appearance, AreaAppearance, Visibility } from './visibility.js';

/** Areas of the patch in pixels: left, top, right, bottom. */
type Area = readonly [number, number, number, number];
const EYES: Area = [6, 12, 42, 24];
const MOUTH: Area = [12, 30, 36, 46];
const NOSE: Area = [19, 20, 29, 30];
const CHEEKS: readonly Area[] = [
  [8, 25, 15, 33],
  [33, 25, 40, 33],
];
const FACE: Area = [6, 8, 42, 46];

/** Degrees per unit by which the nose moves up or down between the eyes and the mouth; coarse. */
const PITCH_GAIN = 130;
/** Where the nose tip of a level face is between the eyes (0) and the mouth (1). */
const LEVEL_NOSE = 0.66;

/** Measurements of a face from its 68 landmarks and the pixels around them. */
export interface FaceMeasures extends Visibility {
  /** Degrees; positive looks up. Coarse. */
  readonly pitch: number;
  /** Height of the mouth's opening over its width: 0 closed. */
  readonly mouthOpening: number;
  /** Height of the eyes' opening over their width, mean of both: 0.3 usual, below 0.15 closed. */
  readonly eyeOpening: number;
}

/** @param landmarks the 68 points of the iBUG scheme, in pixels of the frame that the patch was cut from */
export function measureFace(patch: FacePatch, landmarks: readonly Point[]): FaceMeasures {
  return {
    pitch: pitchOf(landmarks),
    mouthOpening: openingOf(landmarks, [61, 62, 63], [67, 66, 65], 60, 64),
    eyeOpening:
      (openingOf(landmarks, [37, 38], [41, 40], 36, 39) + openingOf(landmarks, [43, 44], [47, 46], 42, 45)) / 2,
    ...visibilityOf(appearanceOf(patch, landmarks)),
  };
}

/**
 * How eyes, mouth and the whole face look in an upright patch of it.
 * @param landmarks the 68 points that the patch was cut by
 */
export function appearanceOf(
  { rgb: data, grey: all }: Pick<FacePatch, 'rgb' | 'grey'>,
  landmarks: readonly Point[],
): Appearance {
  const nose = meanColour(data, [NOSE]);
  const cheeks = meanColour(data, CHEEKS);
  const contrast = Math.max(1, deviation(greyOf(data, FACE)));
  const brightness = Math.max(16, (sum(nose) + sum(cheeks)) / 6);
  const appearance = (area: Area, skin: readonly number[]): AreaAppearance => {
    const grey = greyOf(data, area);
    const own = meanColour(data, [area]);
    return {
      texture: normalised(blockMeans(grey, area[2] - area[0], 3, 2)),
      contrast: deviation(grey) / contrast,
      colour: Math.hypot(...own.map((value, c) => value - skin[c]!)) / brightness,
    };
  };
  const head = { texture: normalised(blockMeans(all, SIDE, 4, 4)), asymmetry: asymmetryOf(landmarks) };
  return { eyes: appearance(EYES, cheeks), mouth: appearance(MOUTH, nose), head };
}

/** Each 0 for a face from the front, and opposite for the mirrored face. */
function asymmetryOf(landmarks: readonly Point[]): number[] {
  const [left, right] = [meanPoint(landmarks.slice(36, 42)), meanPoint(landmarks.slice(42, 48))];
  const across = { x: right.x - left.x, y: right.y - left.y };
  const squaredLength = Math.max(1e-6, across.x ** 2 + across.y ** 2);
  /** Along the line through the eyes, in distances between them, from their middle. */
  const along = ({ x, y }: Point): number =>
    ((x - (left.x + right.x) / 2) * across.x + (y - (left.y + right.y) / 2) * across.y) / squaredLength;
  const width = (from: number, to: number): number => Math.max(0.02, along(landmarks[to]!) - along(landmarks[from]!));
  return [
    along(meanPoint(landmarks.slice(30, 36))),
    along(meanPoint(landmarks.slice(48, 60))),
    (along(landmarks[1]!) + along(landmarks[15]!)) / 2,
    Math.log(width(36, 39) / width(42, 45)),
    Math.log(width(17, 21) / width(22, 26)),
    Math.log(width(48, 51) / width(51, 54)),
  ];
}

function pitchOf(landmarks: readonly Point[]): number {
  const eyes = meanPoint([...landmarks.slice(36, 48)]);
  const mouth = meanPoint([...landmarks.slice(48, 60)]);
  const tip = landmarks[33]!;
  const down = { x: mouth.x - eyes.x, y: mouth.y - eyes.y };
  const squaredLength = Math.max(1e-6, down.x ** 2 + down.y ** 2);
  const place = ((tip.x - eyes.x) * down.x + (tip.y - eyes.y) * down.y) / squaredLength;
  return Math.max(-90, Math.min(90, (LEVEL_NOSE - place) * PITCH_GAIN));
}

function openingOf(
  points: readonly Point[],
  upper: readonly number[],
  lower: readonly number[],
  left: number,
  right: number,
): number {
  const height = upper.reduce((total, u, i) => total + distance(points[u]!, points[lower[i]!]!), 0) / upper.length;
  return height / Math.max(1e-6, distance(points[left]!, points[right]!));
}

function greyOf(rgb: Float32Array, [left, top, right, bottom]: Area): Float32Array {
  const grey = new Float32Array((right - left) * (bottom - top));
  let i = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = (y * SIDE + x) * 3;
      grey[i++] = luma601(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    }
  }
  return grey;
}

function meanColour(rgb: Float32Array, areas: readonly Area[]): number[] {
  const total = [0, 0, 0];
  let count = 0;
  for (const [left, top, right, bottom] of areas) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        for (let c = 0; c < 3; c++) total[c]! += rgb[(y * SIDE + x) * 3 + c]!;
        count++;
      }
    }
  }
  return total.map((value) => value / count);
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
}

function blockMeans(grey: Float32Array, columns: number, width: number, height: number): Float32Array {
  const across = columns / width;
  const means = new Float32Array(grey.length / (width * height));
  for (let i = 0; i < grey.length; i++) {
    const block = Math.floor(i / columns / height) * across + Math.floor((i % columns) / width);
    means[block]! += grey[i]! / (width * height);
  }
  return means;
}

function normalised(values: Float32Array): Float32Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const norm = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0));
  return values.map((value) => (value - mean) / Math.max(1e-6, norm));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
