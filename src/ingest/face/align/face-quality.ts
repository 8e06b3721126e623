import { type FacePatch, fineDetail } from './align-face.js';
import { type Point, distance, facePoints, meanPoint, rollOfLandmarks } from './geometry.js';

/** The side a face is seen from: turned to the picture's left, frontal, or to its right. */
export type Pose = 'left' | 'frontal' | 'right';

export const POSES: readonly Pose[] = ['frontal', 'left', 'right'];

/** Degrees of yaw from which a face counts as turned. */
const TURNED = 25;

/** @param yaw degrees, positive to the picture's right */
export function poseOf(yaw: number): Pose {
  if (Math.abs(yaw) < TURNED) return 'frontal';
  return yaw < 0 ? 'left' : 'right';
}

/** How good the picture of a face is. */
export interface FaceQuality {
  /** Distance between the eyes' centres in pixels. */
  readonly size: number;
  /** 0 (blurred) to 1 (sharp). */
  readonly sharpness: number;
  /** Degrees, from the landmarks: 0 is frontal, positive yaw turns to the picture's right. Coarse. */
  readonly yaw: number;
  readonly roll: number;
  /** All of it in one number, 0 (useless) to 1 (good). */
  readonly overall: number;
}

/** Fine detail of a sharp face, where sharpness reaches 1. */
const SHARP_DETAIL = 0.6;
/** Eye distance in pixels from which more resolution changes nothing. */
const AMPLE_SIZE = 32;
/** The nose tip moves this share of the eye distance sideways when the head turns by 90 degrees. */
const NOSE_REACH = 0.9;
const DEGREES = 180 / Math.PI;

/** Judges one observation of a face from its 68 points and its patch. */
export function faceQuality(landmarks: readonly Point[], patch: FacePatch): FaceQuality {
  const size = eyeDistance(landmarks);
  const sharpness = Math.min(1, fineDetail(patch) / SHARP_DETAIL);
  const yaw = yawOf(landmarks);
  const roll = rollOfLandmarks(landmarks) * DEGREES;
  return { size, sharpness, yaw, roll, overall: overallQuality(size, sharpness, yaw) };
}

/** All of it in one number, 0 (useless) to 1 (good). */
export function overallQuality(size: number, sharpness: number, yaw: number): number {
  const frontal = Math.max(0, Math.cos(Math.min(90, Math.abs(yaw)) / DEGREES));
  return Math.min(1, size / AMPLE_SIZE) * (0.25 + 0.75 * sharpness) * frontal;
}

export function eyeDistance(landmarks: readonly Point[]): number {
  const { left, right } = facePoints(landmarks);
  return distance(left, right);
}

/** Degrees by which the head is turned, from the distance of the nose from the middle of the jaw; coarse. */
function yawOf(landmarks: readonly Point[]): number {
  const { left, right } = facePoints(landmarks);
  const axis = Math.atan2(right.y - left.y, right.x - left.x);
  const along = ({ x, y }: Point): number => x * Math.cos(axis) + y * Math.sin(axis);
  const jaw = (along(landmarks[1]!) + along(landmarks[15]!)) / 2;
  const width = Math.max(1e-6, Math.abs(along(landmarks[15]!) - along(landmarks[1]!)));
  const nose = along(meanPoint(landmarks.slice(30, 34)));
  const lean = Math.max(-1, Math.min(1, (nose - jaw) / (width / 2) / NOSE_REACH));
  return Math.asin(lean) * DEGREES;
}
