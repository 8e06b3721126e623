import type { Frame } from '../../frame.js';
import { facePatch } from '../align/face-patch.js';
import { boundsOf, centerOf, distance, sizeOf } from '../align/geometry.js';
import type { FaceWindow } from '../align/geometry.js';
import type { LandmarkNet } from '../align/landmark-net.js';
import { landmarkWindow } from '../detect/detector.js';
import type { Detection } from '../detect/detector.js';
import { expectedWindow } from './follow.js';
import type { FaceMatch } from './match.js';
import type { Sighting } from './track.js';

/** A known face that jumped by more than this share of its size is searched where the detector sees it. */
const JUMP = 0.12;
/** Landmarks this far from the detection, in its sizes, or this much larger or smaller, have slipped off the face. */
const ASTRAY = 0.35;
const ASTRAY_GROWTH = 1.6;

/** Landmarks and patches of all matches: one network call, and a second one for those that went astray. */
export async function refineLandmarks(
  frame: Frame,
  net: LandmarkNet,
  matches: readonly FaceMatch[],
): Promise<Sighting[]> {
  const landmarks = await net.locate(
    frame,
    matches.map((match) => firstWindow(match, frame.timestamp)),
  );
  const astray = matches.flatMap((match, i) =>
    match.track !== null && isAstray(landmarks[i]!, match.detection) ? [i] : [],
  );
  const corrected = await net.locate(
    frame,
    astray.map((i) => landmarkWindow(matches[i]!.detection)),
  );
  for (const [k, i] of astray.entries()) landmarks[i] = corrected[k]!;
  return matches.map(({ detection }, i) => ({
    box: detection.box,
    score: detection.score,
    landmarks: landmarks[i]!,
    patch: facePatch(frame, landmarks[i]!),
    evidence: 'detected',
  }));
}

/** Known faces are searched where their points were, which is steadier than the detector's box, unless they jumped. */
function firstWindow({ detection, track }: FaceMatch, time: number): FaceWindow {
  if (track === null || track.evidence === 'coasted') return landmarkWindow(detection);
  const jump = distance(centerOf(detection.box), centerOf(track.motion.predict(time))) / sizeOf(detection.box);
  return jump > JUMP ? landmarkWindow(detection) : expectedWindow(track, time);
}

function isAstray(landmarks: Sighting['landmarks'], { box }: Detection): boolean {
  const bounds = boundsOf(landmarks);
  const growth = Math.log(Math.max(bounds.width, bounds.height) / Math.max(box.width, box.height));
  return distance(centerOf(bounds), centerOf(box)) > ASTRAY * sizeOf(box) || Math.abs(growth) > Math.log(ASTRAY_GROWTH);
}
