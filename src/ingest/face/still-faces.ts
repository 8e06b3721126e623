import type { Frame } from '../frame.js';
import type { FaceNets } from './face-nets.js';
import { windowOfLandmarks } from './face-window.js';
import { type Box, type Point, sizeOf } from './geometry.js';
import { SecondLook } from './second-look.js';
import { sightFaces } from './sight.js';

/** A face in a picture that stands by itself. */
export interface StillFace {
  /** Pixels of the frame. */
  readonly box: Box;
  /** 0..1, on the detector's scale. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
}

/** What to look for, as in `FaceOptions`. */
export interface StillOptions {
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Faces at most; 8 by default. */
  readonly maxFaces?: number;
}

/**
 * The faces of a single picture, largest first: what `FaceFollower` makes of a frame, second look included, without asking who they are,
 * which nobody wants to know of a picture by itself.
 */
export async function findFaces(
  frame: Frame,
  nets: FaceNets,
  { minSize = 20, maxFaces = 8 }: StillOptions = {},
): Promise<StillFace[]> {
  const { detector } = nets;
  const secondLook = new SecondLook(nets.presence, detector.scores);
  const entry = { minScore: detector.scores.high, minSize, room: maxFaces };
  let finds = await secondLook.judgeNewcomers(frame, await detector.detect(frame, { smallest: minSize }), [], entry);
  if (finds.length === 0 && detector.adjustable) {
    // Noise and faces that fill the frame show better in a smaller picture.
    finds = await secondLook.judgeNewcomers(frame, await detector.detect(frame, { smallest: Infinity }), [], entry);
  }
  const sightings = await sightFaces(frame, nets.landmarks, finds);
  // In a video the next frame's points are looked for where this one's were, which is steadier than around a detection.
  const landmarks = await nets.landmarks.locate(
    frame,
    sightings.map((sighting) => windowOfLandmarks(sighting.landmarks)),
  );
  return sightings
    .map(({ box, score }, i) => ({ box, score, landmarks: landmarks[i]! }))
    .sort((a, b) => sizeOf(b.box) - sizeOf(a.box));
}
