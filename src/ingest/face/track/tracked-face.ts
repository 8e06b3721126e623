import type { FacePatch } from '../align/face-patch.js';
import type { FaceQuality } from '../align/face-quality.js';
import type { Box, Point } from '../align/geometry.js';

/**
 * What a face in this frame rests on: a detection, landmarks followed from the frame before,
 * or the motion model alone (the face is hidden or was missed).
 */
export type FaceEvidence = 'detected' | 'followed' | 'coasted';

/** A face in one frame, with the identity it keeps through the footage. */
export interface TrackedFace {
  /** From 1; the same person keeps it through missed detections, cuts and absences. May change while `provisional`. */
  readonly trackId: number;
  /** A stretch of uninterrupted following, from 1. Its person may be decided only after the first frames. */
  readonly tracklet: number;
  readonly box: Box;
  /** 0..1, the detector's score, or the follower's confidence between detections. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
  /** As it was last seen. */
  readonly patch: FacePatch;
  readonly quality: FaceQuality;
  readonly evidence: FaceEvidence;
  /**
   * True while the track is not confirmed to be a face, and while it coasts. Later frames decide whether this was a face
   * (recorded footage); until then it is not shown (live).
   */
  readonly tentative: boolean;
  /** True while it is undecided whose face it is: `trackId` is the best guess. */
  readonly provisional: boolean;
}
