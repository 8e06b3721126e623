import { alignFace } from '../../ingest/face/align/align-face.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import type { Picture } from '../../ingest/frame.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { measureFace } from './face-measures.js';
import type { FaceMeasures } from './face-measures.js';

/** What is kept of a face's pixels. */
export interface EncodedFace {
  /** Of the frame encoder. [D] */
  readonly features: Float32Array;
  readonly measures: FaceMeasures;
}

/** Aligns, encodes and measures the faces of a frame. Afterwards its pixels are not needed any more. */
export interface FaceEncoder {
  /** Frames that are encoded at a time. */
  readonly width: number;
  /** @param faces the 68 landmarks of each, in pixels of the frame */
  encode(frame: Picture, faces: readonly (readonly Point[])[]): Promise<EncodedFace[]>;
}

/** Encodes in this thread; all faces of a frame in one call. */
export function localEncoder(model: Pick<ExpressionModel, 'crop' | 'encode'>): FaceEncoder {
  return {
    width: 1,
    async encode(frame, faces) {
      if (faces.length === 0) return [];
      const features = await model.encode(faces.map((landmarks) => alignFace(frame, landmarks, model.crop)));
      return faces.map((landmarks, i) => ({ features: features[i]!, measures: measureFace(frame, landmarks) }));
    },
  };
}
