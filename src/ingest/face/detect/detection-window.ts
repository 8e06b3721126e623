import type { FaceWindow } from '../align/face-window.js';
import { centerOf } from '../align/geometry.js';
import type { Detection } from './detector.js';

/** A detector's box ends at the brows or the forehead, the 68 points at the chin. */
const LANDMARK_MARGIN = 1.3;
const LANDMARK_LOWERING = 0.07;
/** Margin that the presence network expects around a detector's box. */
const PRESENCE_MARGIN = 1.5;

/** Where the landmark network looks for the 68 points of a new detection. */
export function landmarkWindow(detection: Detection): FaceWindow {
  const angle = detection.roll;
  const { x, y } = centerOf(detection.box);
  const side = Math.max(detection.box.width, detection.box.height) * LANDMARK_MARGIN;
  const down = side * LANDMARK_LOWERING;
  return { center: { x: x - Math.sin(angle) * down, y: y + Math.cos(angle) * down }, side, angle };
}

/** Where the presence network looks to judge a detection. */
export function presenceWindow(detection: Detection): FaceWindow {
  return {
    center: centerOf(detection.box),
    side: Math.max(detection.box.width, detection.box.height) * PRESENCE_MARGIN,
    angle: detection.roll,
  };
}
