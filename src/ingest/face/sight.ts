import type { Frame } from '../frame.js';
import { facePatch } from './appearance.js';
import type { Detection } from './detector.js';
import { type FaceWindow, windowOfDetection } from './face-window.js';
import type { Find } from './find.js';
import { expectedWindow } from './follow.js';
import { boundsOf, centerOf, distance, sizeOf } from './geometry.js';
import type { LandmarkNet } from './landmarks.js';
import type { Sighting } from './track.js';

/** A known face that jumped by more than this share of its size is looked for where the detector sees it. */
const JUMP = 0.12;
/** Landmarks this far from the detection, in its sizes, or this much larger or smaller, have slipped off the face. */
const ASTRAY = 0.35;
const ASTRAY_GROWTH = 1.6;

/** Landmarks and pictures of all finds, in one network call (and one more for those that went astray). */
export async function sightFaces(frame: Frame, net: LandmarkNet, finds: readonly Find[]): Promise<Sighting[]> {
  const landmarks = await net.locate(
    frame,
    finds.map((find) => landmarkWindow(find, frame.timestamp)),
  );
  const astray = finds.flatMap((find, i) =>
    find.track !== null && isAstray(landmarks[i]!, find.detection) ? [i] : [],
  );
  const corrected = await net.locate(
    frame,
    astray.map((i) => windowOfDetection(finds[i]!.detection)),
  );
  for (const [k, i] of astray.entries()) landmarks[i] = corrected[k]!;
  return finds.map(({ detection }, i) => ({
    box: detection.box,
    score: detection.score,
    landmarks: landmarks[i]!,
    patch: facePatch(frame, landmarks[i]!),
    evidence: 'detected',
  }));
}

/** Known faces are looked for where their points were, which is steadier than the detector's box, unless they jumped. */
function landmarkWindow({ detection, track }: Find, time: number): FaceWindow {
  if (track === null || track.evidence === 'carried') return windowOfDetection(detection);
  const jump = distance(centerOf(detection.box), centerOf(track.motion.predict(time))) / sizeOf(detection.box);
  return jump > JUMP ? windowOfDetection(detection) : expectedWindow(track, time);
}

/** The landmarks have slipped off the face that the detector sees. */
function isAstray(landmarks: Sighting['landmarks'], { box }: Detection): boolean {
  const bounds = boundsOf(landmarks);
  const growth = Math.log(Math.max(bounds.width, bounds.height) / Math.max(box.width, box.height));
  return distance(centerOf(bounds), centerOf(box)) > ASTRAY * sizeOf(box) || Math.abs(growth) > Math.log(ASTRAY_GROWTH);
}
