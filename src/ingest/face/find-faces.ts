import type { Frame } from '../frame.js';
import type { FaceNets } from './face-nets.js';
import { FaceSearch } from './face-search.js';
import type { FaceMatch } from './track/match.js';
import { windowOfLandmarks } from './align/face-window.js';
import { type Box, type Point, sizeOf } from './align/geometry.js';
import { FaceVerifier } from './verify/face-verifier.js';
import { refineLandmarks } from './track/landmark-refinement.js';

/** A face in a single picture. */
export interface FoundFace {
  /** Pixels of the frame. */
  readonly box: Box;
  /** 0..1, on the detector's scale. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
}

/** What to look for, as in `FaceOptions`. */
export interface FindFacesOptions {
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Faces at most, the largest first; no limit by default. */
  readonly maxFaces?: number;
}

/**
 * The verified faces of a single picture, largest first: as `FaceFollower` finds them in a frame, without re-identification.
 */
export async function findFaces(
  frame: Frame,
  nets: FaceNets,
  { minSize = 20, maxFaces = Infinity }: FindFacesOptions = {},
): Promise<FoundFace[]> {
  const { detector } = nets;
  const verifier = new FaceVerifier(nets, { minScore: detector.scores.high, minSize });
  const search = new FaceSearch(detector, minSize);
  const searches = [() => search.whole(frame, [], true), () => search.coarse(frame), () => search.turned(frame)];
  let matches: FaceMatch[] = [];
  for (const find of searches)
    if (matches.length === 0) matches = await verifier.verifyNewcomers(frame, await find(), []);
  const sightings = await refineLandmarks(frame, nets.landmarks, matches);
  // In a video the next frame's points are searched at the place of this one's, which is steadier than around a detection.
  const landmarks = await nets.landmarks.locate(
    frame,
    sightings.map((sighting) => windowOfLandmarks(sighting.landmarks)),
  );
  return sightings
    .map(({ box, score }, i) => ({ box, score, landmarks: landmarks[i]! }))
    .sort((a, b) => sizeOf(b.box) - sizeOf(a.box))
    .slice(0, maxFaces);
}
