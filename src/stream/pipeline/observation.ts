import type { Frame } from '../../ingest/frame.js';
import type { TrackedFace } from '../../ingest/face/track/track.js';
import type { FaceMeasures } from './face-measures.js';

/** A frame whose pixels are gone, and what is known of each of its faces so far. */
export type FrameOf<F> = Omit<Frame, 'data'> & { readonly faces: readonly F[] };

/** A tracked face without its pixels, but with what was measured from them. */
export type MeasuredFace = Omit<TrackedFace, 'patch'> & FaceMeasures;

/** A face after the frame encoder. */
export interface FaceObservation {
  readonly face: MeasuredFace;
  /** [D] */
  readonly features: Float32Array;
}

/** A face after the temporal encoder and classifier. */
export interface ClassifiedFace {
  readonly face: MeasuredFace;
  /** Over the model's labels, summing to 1. [C] */
  readonly posteriors: Float32Array;
}

export type FrameObservation = FrameOf<FaceObservation> & {
  /** Tracklets that have ended unconfirmed and count as faces all the same. */
  readonly accepted?: readonly number[];
};
export type ClassifiedFrame = FrameOf<ClassifiedFace>;
