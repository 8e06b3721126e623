import type { Frame, TrackedFace } from '../ingest/index.js';

/** A face of one frame with what the frame encoder made of it; the pixels are gone. */
export interface FaceObservation {
  readonly face: TrackedFace;
  /** Frame encoder output. [D] */
  readonly features: Float32Array;
}

/** All that is kept of a frame once its faces have been encoded. */
export interface FrameObservation {
  readonly index: number;
  readonly timestamp: number;
  readonly width: number;
  readonly height: number;
  readonly faces: readonly FaceObservation[];
}

export function observe(
  { index, timestamp, width, height }: Frame,
  faces: readonly FaceObservation[],
): FrameObservation {
  return { index, timestamp, width, height, faces };
}
