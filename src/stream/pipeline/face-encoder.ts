import { alignFace } from '../../ingest/face/align/align-face.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import type { Picture } from '../../ingest/frame.js';
import type { ExpressionModel } from '../../model/expression-model.js';

/** Aligns and encodes the faces of a frame. */
export interface FaceEncoder {
  /** Frames that are encoded at a time. */
  readonly width: number;
  /**
   * @param faces the 68 landmarks of each, in pixels of the frame
   * @returns features of each face [D]
   */
  encode(frame: Picture, faces: readonly (readonly Point[])[]): Promise<Float32Array[]>;
}

/** Encodes in this thread; all faces of a frame in one call. */
export function localEncoder(model: Pick<ExpressionModel, 'crop' | 'encode'>): FaceEncoder {
  return {
    width: 1,
    async encode(frame, faces) {
      return faces.length === 0 ? [] : model.encode(faces.map((landmarks) => alignFace(frame, landmarks, model.crop)));
    },
  };
}
