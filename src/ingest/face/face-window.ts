import type { Detection } from './detector.js';
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
/** A detector's box ends at the brows or the forehead, the points at the chin. */
const DETECTION_MARGIN = 1.3;
const DETECTION_LOWERING = 0.07;
/** What the presence network expects around a detector's box. */
const PRESENCE_MARGIN = 1.5;

/** Centres of the eyes (the picture's left one first) and of the mouth. */
export function facePoints(landmarks: readonly Point[]): { left: Point; right: Point; mouth: Point } {
  return {
    left: meanPoint(landmarks.slice(36, 42)),
    right: meanPoint(landmarks.slice(42, 48)),
    mouth: meanPoint(landmarks.slice(48, 68)),
  };
}

/** The angle of the line through both eyes, in radians. */
export function rollOf(landmarks: readonly Point[]): number {
  const { left, right } = facePoints(landmarks);
  return Math.atan2(right.y - left.y, right.x - left.x);
}

/** Where to look for the 68 points, given where they were. */
export function windowOfLandmarks(landmarks: readonly Point[]): FaceWindow {
  const angle = rollOf(landmarks);
  const bounds = boundsOf(landmarks.map((point) => rotate(point, -angle)));
  return {
    center: rotate(centerOf(bounds), angle),
    side: Math.max(bounds.width, bounds.height) * LANDMARK_MARGIN,
    angle,
  };
}

/** Where to look for the 68 points of a face that was just detected. */
export function windowOfDetection(detection: Detection): FaceWindow {
  const angle = angleOfDetection(detection);
  const { x, y } = centerOf(detection.box);
  const side = Math.max(detection.box.width, detection.box.height) * DETECTION_MARGIN;
  const down = side * DETECTION_LOWERING;
  return { center: { x: x - Math.sin(angle) * down, y: y + Math.cos(angle) * down }, side, angle };
}

/** Where the presence network has to look to judge a detection. */
export function presenceWindow(detection: Detection): FaceWindow {
  return {
    center: centerOf(detection.box),
    side: Math.max(detection.box.width, detection.box.height) * PRESENCE_MARGIN,
    angle: angleOfDetection(detection),
  };
}

function angleOfDetection({ keypoints }: Detection): number {
  const first = keypoints?.[0];
  const second = keypoints?.[1];
  return first === undefined || second === undefined ? 0 : Math.atan2(second.y - first.y, second.x - first.x);
}

function rotate({ x, y }: Point, angle: number): Point {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return { x: c * x - s * y, y: s * x + c * y };
}
