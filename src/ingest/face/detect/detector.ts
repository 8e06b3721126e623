import type { Frame } from '../../frame.js';
import { centerOf, intersectionOverSmaller, intersectionOverUnion } from '../align/geometry.js';
import type { Box, FaceWindow, Point } from '../align/geometry.js';
import type { QuarterTurn } from './quarter-turn.js';

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

/** A face as a detector reports it. */
export interface Detection {
  /** Pixels of the frame; may reach beyond it. */
  readonly box: Box;
  /** 0..1, on the detector's own scale: not comparable between detectors. */
  readonly score: number;
  /** BlazeFace's six: right eye, left eye, nose tip, mouth, right and left ear (the person's own sides); null when the detector gives none. */
  readonly keypoints: readonly Point[] | null;
  /** Radians clockwise on screen by which the face is rolled in the picture plane. */
  readonly roll: number;
}

/** Where to search and how closely. */
export interface Search {
  /** The part of the frame to search, in pixels; the whole frame by default. */
  readonly region?: Box;
  /** Side in pixels of the smallest face to find; lets a detector use a smaller input. 0 = as small as it can. */
  readonly smallest?: number;
  /** Search for faces rolled by this many quarter turns; 0 (upright) by default. */
  readonly quarter?: QuarterTurn;
}

/** Finds faces in a single frame, without memory of earlier ones. */
export interface FaceDetector {
  readonly name: DetectorName;
  /** Uses a smaller input when `Search.smallest` allows it. */
  readonly adjustable: boolean;
  /** Thresholds on this detector's score. */
  readonly scores: DetectorScores;
  /** @returns detections of at least `scores.low`, best first, without duplicates */
  detect(frame: Frame, search?: Search): Promise<Detection[]>;
  dispose(): void;
}

export type DetectorName = 'blazeface' | 'tiny' | 'ssd';

export interface DetectorScores {
  /** Enough to continue a known face. */
  readonly low: number;
  /** Enough to propose a new face, which the face verifier must confirm. */
  readonly high: number;
  /** Enough, with a clear verification, to confirm a new face at once. */
  readonly strong: number;
}

/** The whole of a frame as a box. */
export function wholeFrame(frame: Frame): Box {
  return { x: 0, y: 0, width: frame.width, height: frame.height };
}

/** The roll of a face from the line through its eyes, or, without keypoints, from the quarter turn it was found at. */
export function rollOf(keypoints: readonly Point[] | null, quarter: QuarterTurn): number {
  const [right, left] = keypoints ?? [];
  if (right === undefined || left === undefined) return (quarter * Math.PI) / 2;
  return Math.atan2(left.y - right.y, left.x - right.x);
}

/** A box with this share inside a better one shows part of the same face at another scale. */
const NESTED = 0.65;

/**
 * Merges detections of the same face: starting from the best, all that overlap it by more than `overlap` are averaged
 * with their scores as weights (the neighbouring anchors' votes steady the box); the score is the best one's. Boxes
 * nested in a better one are dropped.
 * @returns best first
 */
export function mergeOverlapping(detections: readonly Detection[], overlap: number): Detection[] {
  let rest = [...detections].sort((a, b) => b.score - a.score);
  const merged: Detection[] = [];
  while (rest.length > 0) {
    const best = rest[0]!;
    const group = rest.filter((other) => other === best || intersectionOverUnion(best.box, other.box) > overlap);
    rest = rest.filter((other) => !group.includes(other) && intersectionOverSmaller(best.box, other.box) < NESTED);
    merged.push(average(group, best.score));
  }
  return merged;
}

function average(group: readonly Detection[], score: number): Detection {
  const total = group.reduce((sum, { score: share }) => sum + share, 0);
  const mean = (value: (detection: Detection) => number): number =>
    group.reduce((sum, detection) => sum + value(detection) * detection.score, 0) / total;
  const first = group[0]!;
  const keypoints =
    first.keypoints?.map((_, i) => ({
      x: mean((detection) => detection.keypoints![i]!.x),
      y: mean((detection) => detection.keypoints![i]!.y),
    })) ?? null;
  return {
    score,
    box: {
      x: mean(({ box }) => box.x),
      y: mean(({ box }) => box.y),
      width: mean(({ box }) => box.width),
      height: mean(({ box }) => box.height),
    },
    keypoints,
    roll: keypoints === null ? first.roll : rollOf(keypoints, 0),
  };
}
