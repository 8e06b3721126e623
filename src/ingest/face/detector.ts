import type { Frame } from '../frame.js';
import type { Box, Point } from './geometry.js';

/** What a detector takes for a face. */
export interface Detection {
  /** Pixels of the frame; may reach beyond it. */
  readonly box: Box;
  /** 0..1, on the detector's own scale: not comparable between detectors. */
  readonly score: number;
  /** BlazeFace's six: right eye, left eye, nose tip, mouth, right and left ear (the person's own sides); null when the detector gives none. */
  readonly keypoints: readonly Point[] | null;
}

/** Where to look and how closely. */
export interface Search {
  /** The part of the frame to search, in pixels; the whole frame by default. */
  readonly region?: Box;
  /** Side in pixels of the smallest face that has to be found: lets a detector look at a smaller picture. 0 = as small as it can. */
  readonly smallest?: number;
}

/** Finds faces in a single frame; knows nothing of the frames before. */
export interface FaceDetector {
  readonly name: DetectorName;
  /** Looks at a smaller picture when `Search.smallest` allows it; other detectors always look alike. */
  readonly adjustable: boolean;
  /** Scores a detector's detections are to be judged by. */
  readonly scores: DetectorScores;
  /** @returns detections of at least `scores.low`, best first, without doubles */
  detect(frame: Frame, search?: Search): Promise<Detection[]>;
  dispose(): void;
}

export type DetectorName = 'blazeface' | 'tiny' | 'ssd';

export interface DetectorScores {
  /** Enough to go on following a face that is already known. */
  readonly low: number;
  /** Enough to propose a new face, which a second look then has to confirm. */
  readonly high: number;
  /** Enough, with a clear second look, to believe in a new face at once. */
  readonly strong: number;
}

/** The whole of a frame as a box. */
export function wholeFrame(frame: Frame): Box {
  return { x: 0, y: 0, width: frame.width, height: frame.height };
}
