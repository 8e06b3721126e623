import { boundsOf, centerOf, meanPoint, type Point } from './geometry.js';

/** A square of the frame that holds a face, turned so that the face is upright in it. */
export interface FaceWindow {
  readonly center: Point;
  /** Pixels of the frame. */
  readonly side: number;
  /** Radians, clockwise on screen. */
  readonly angle: number;
}

/** Side of a landmark window over the longer side of the points' bounds; measured to make the points steadiest. */
const LANDMARK_MARGIN = 1.25;

/** Centres of the eyes (the picture's left one first) and of the mouth. */
export function facePoints(landmarks: readonly Point[]): { left: Point; right: Point; mouth: Point } {
  return {
    left: meanPoint(landmarks.slice(36, 42)),
    right: meanPoint(landmarks.slice(42, 48)),
    mouth: meanPoint(landmarks.slice(48, 68)),
  };
}

/** The angle of the line through both eyes, in radians. */
export function rollOfLandmarks(landmarks: readonly Point[]): number {
  const { left, right } = facePoints(landmarks);
  return Math.atan2(right.y - left.y, right.x - left.x);
}

/** Where to look for the 68 points, given where they were. */
export function windowOfLandmarks(landmarks: readonly Point[]): FaceWindow {
  const angle = rollOfLandmarks(landmarks);
  const bounds = boundsOf(landmarks.map((point) => rotate(point, -angle)));
  return {
    center: rotate(centerOf(bounds), angle),
    side: Math.max(bounds.width, bounds.height) * LANDMARK_MARGIN,
    angle,
  };
}

function rotate({ x, y }: Point, angle: number): Point {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return { x: c * x - s * y, y: s * x + c * y };
}
