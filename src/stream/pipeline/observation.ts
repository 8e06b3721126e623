import type { Frame } from '../../ingest/frame.js';
import type { TrackedFace } from '../../ingest/face/track/tracked-face.js';

/** A frame whose pixels are gone, and what is known of each of its faces so far. */
export type FrameOf<F> = Omit<Frame, 'data'> & { readonly faces: readonly F[] };

/** A face after the frame encoder. */
export interface FaceObservation {
  readonly face: TrackedFace;
  /** [D] */
  readonly features: Float32Array;
}

/** A face after the temporal encoder and classifier. */
export interface ClassifiedFace {
  readonly face: TrackedFace;
  /** Over the model's labels, summing to 1. [C] */
  readonly posteriors: Float32Array;
}

export type FrameObservation = FrameOf<FaceObservation> & {
  /** Tracklets that have ended unconfirmed and count as faces all the same. */
  readonly accepted?: readonly number[];
};
export type ClassifiedFrame = FrameOf<ClassifiedFace>;
