import type { Box, Point } from './geometry.js';

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

/**
 * What speaks for a face in this frame: a detection, landmarks followed from the frame before,
 * or nothing but the motion model (the face is hidden or was missed).
 */
export type FaceEvidence = 'detected' | 'followed' | 'carried';

/** A face in one frame, with the identity it keeps through the footage. */
export interface TrackedFace {
  /** From 1; the same person keeps it through missed detections, cuts and absences. Provisional while `tentative`. */
  readonly trackId: number;
  /** One stretch of following without interruption, from 1. Whose face it is may be decided only after its first frames. */
  readonly tracklet: number;
  readonly box: Box;
  /** 0..1, the detector's score, or the follower's confidence between detections. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
  readonly quality: FaceQuality;
  readonly evidence: FaceEvidence;
  /**
   * True while the track has not yet been confirmed, or is only carried: whether this was a face
   * is decided by the frames that follow (offline), and it is not shown before that (live).
   */
  readonly tentative: boolean;
}
