import { concat, concatMap, defer } from 'rxjs';
import type { Observable, OperatorFunction } from 'rxjs';
import { alignFace } from '../ingest/index.js';
import type { Frame, TrackedFace } from '../ingest/index.js';
import type { ExpressionModel } from '../model/index.js';
import type { ClipWindow } from './clip-window.js';
import type { FrameResult } from './frame-result.js';
import { observe } from './observation.js';
import type { FrameObservation } from './observation.js';

/** Finds and follows the faces of one video; FaceFollower of the face room is one. */
export interface FrameFollower {
  update(frame: Frame): Promise<TrackedFace[]>;
}

export interface Perception {
  readonly follower: FrameFollower;
  readonly model: ExpressionModel;
  readonly window: ClipWindow;
}

/**
 * The way of a frame through the house: follow its faces, cut and encode them, let the clip window answer for the frames
 * that have become final. Emits once for every frame (often an empty list), and once more at the end.
 */
export function perceive({ follower, model, window }: Perception): OperatorFunction<Frame, readonly FrameResult[]> {
  return (frames: Observable<Frame>) =>
    concat(
      frames.pipe(
        concatMap(async (frame) => ({ frame, faces: await follower.update(frame) })),
        concatMap(({ frame, faces }) => encodeFaces(frame, faces, model)),
        concatMap((observation) => window.push(observation)),
      ),
      defer(() => window.flush()),
    );
}

/** Cuts and encodes the faces of one frame, in one call; from here on the pixels are gone. */
export async function encodeFaces(
  frame: Frame,
  faces: readonly TrackedFace[],
  model: ExpressionModel,
): Promise<FrameObservation> {
  const features = await model.encode(faces.map((face) => alignFace(frame, face.landmarks, model.crop)));
  return observe(
    frame,
    faces.map((face, index) => ({ face, features: features[index]! })),
  );
}
