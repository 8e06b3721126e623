import type { TrackedFace } from '../ingest/index.js';
import type { FrameObservation } from './observation.js';

/** A face with what the temporal encoder says of it. */
export interface ClassifiedFace {
  readonly face: TrackedFace;
  /** Over the model's labels. [C] */
  readonly posteriors: Float32Array;
}

/** A frame whose faces are settled, and classified. */
export interface ClassifiedFrame {
  readonly frame: FrameObservation;
  readonly faces: readonly ClassifiedFace[];
}
