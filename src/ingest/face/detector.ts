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

/** Finds faces in a single frame; knows nothing of the frames before. */
export interface FaceDetector {
  readonly name: DetectorName;
  /** Scores a detector's detections are to be judged by. */
  readonly scores: DetectorScores;
  /**
   * @param region the part of the frame to search, in pixels; the whole frame by default
   * @returns detections of at least `scores.low`, best first, without doubles
   */
  detect(frame: Frame, region?: Box): Promise<Detection[]>;
  dispose(): void;
}

export type DetectorName = 'blazeface' | 'tiny' | 'ssd';

export interface DetectorScores {
  /** Enough to go on following a face that is already known. */
  readonly low: number;
  /** Enough to propose a new face. */
  readonly high: number;
}

/** The whole of a frame as a box. */
export function wholeFrame(frame: Frame): Box {
  return { x: 0, y: 0, width: frame.width, height: frame.height };
}
