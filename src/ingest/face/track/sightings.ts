import type { Frame } from '../../frame.js';
import { facePatch, halfSimilarity, patchSimilarity } from '../align/align-face.js';
import {
  type Box,
  type FaceWindow,
  type Point,
  applySimilarity,
  boundsOf,
  centerOf,
  distance,
  fitSimilarity,
  scaleOf,
  sizeOf,
  windowOfLandmarks,
} from '../align/geometry.js';
import type { LandmarkNet } from '../align/landmark-net.js';
import { landmarkWindow } from '../detect/detector.js';
import type { Detection } from '../detect/detector.js';
import type { FaceMatch } from './match.js';
import type { Sighting, Track } from './track.js';

// Where faces are in a frame: detected ones by refined landmarks, known ones by following their landmarks.

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

/** Below this similarity to its last patch a face counts as lost. */
const SIMILAR = 0.6;
/** Between two frames a face grows or shrinks by less than this factor, and moves by less than this share of its size. */
const MOST_GROWTH = 1.3;
const FARTHEST = 0.6;

/** Where half of a face is hidden, the other half must resemble the last detected one this much. */
const HALF_SIMILAR = 0.75;
/** How far a face may move while only half of it shows, in face sizes. */
const FARTHEST_PARTLY = 0.3;
/** Places around the expected one to search for the visible half, in face sizes. */
const SHIFTS = [-0.12, -0.06, 0, 0.06, 0.12];

/** The window in which to look for a face that was there a moment ago. */
export function expectedWindow(track: Track, time: number): FaceWindow {
  const window = windowOfLandmarks(track.landmarks);
  const from = centerOf(track.box);
  const to = centerOf(track.motion.predict(time));
  return { ...window, center: { x: window.center.x + to.x - from.x, y: window.center.y + to.y - from.y } };
}

/**
 * Follows faces from one frame to the next by their landmarks alone: the last points say where to look for the new ones.
 * @param similar least similarity to the last patch
 * @returns for each track its sighting, or null where the face was lost
 */
export async function followFaces(
  frame: Frame,
  net: LandmarkNet,
  tracks: readonly Track[],
  similar = SIMILAR,
): Promise<(Sighting | null)[]> {
  const found = await net.locate(
    frame,
    tracks.map((track) => expectedWindow(track, frame.timestamp)),
  );
  return tracks.map((track, i) => sightingFrom(frame, track, found[i]!, similar));
}

/**
 * True where half of the face or more is still to be seen in its old place.
 * @param similar least similarity of that half to the last detected face
 */
export function stillShows(frame: Frame, { landmarks, reference }: Track, similar = HALF_SIMILAR): boolean {
  return halfSimilarity(reference, facePatch(frame, landmarks)) >= similar;
}

/**
 * Follows a face of which only half shows, by the half that still resembles the last detected face.
 * @returns null where no half does
 */
export function followPartly(frame: Frame, track: Track): Sighting | null {
  // Whatever hides a face moves its own edge along, which keeps resembling half a face: reject it far from where the face was.
  if (distance(centerOf(track.box), centerOf(track.detectedBox)) > FARTHEST_PARTLY * sizeOf(track.box)) return null;
  const from = centerOf(track.box);
  const to = centerOf(track.motion.predict(frame.timestamp));
  const size = sizeOf(track.box);
  let best: { readonly likeness: number; readonly sighting: Sighting } | null = null;
  for (const right of SHIFTS) {
    for (const down of SHIFTS) {
      const dx = to.x - from.x + right * size;
      const dy = to.y - from.y + down * size;
      const landmarks = track.landmarks.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
      const patch = facePatch(frame, landmarks);
      const likeness = halfSimilarity(track.reference, patch);
      if (likeness <= (best?.likeness ?? HALF_SIMILAR)) continue;
      const box = { ...track.box, x: track.box.x + dx, y: track.box.y + dy };
      best = { likeness, sighting: { box, score: track.score * likeness, landmarks, patch, evidence: 'followed' } };
    }
  }
  return best?.sighting ?? null;
}

function sightingFrom(frame: Frame, track: Track, landmarks: readonly Point[], similar: number): Sighting | null {
  const motion = fitSimilarity(track.landmarks, landmarks);
  const growth = scaleOf(motion);
  const moved = distance(centerOf(boundsOf(track.landmarks)), centerOf(boundsOf(landmarks))) / sizeOf(track.box);
  if (growth > MOST_GROWTH || growth < 1 / MOST_GROWTH || moved > FARTHEST) return null;
  const patch = facePatch(frame, landmarks);
  const similarity = patchSimilarity(track.patch, patch);
  if (similarity < similar) return null;
  return {
    box: moveBox(track.box, motion, growth),
    score: track.score * Math.max(0, Math.min(1, similarity + 0.1)),
    landmarks,
    patch,
    evidence: 'followed',
  };
}

function moveBox(box: Box, motion: Parameters<typeof applySimilarity>[0], growth: number): Box {
  const center = applySimilarity(motion, centerOf(box));
  const width = box.width * growth;
  const height = box.height * growth;
  return { x: center.x - width / 2, y: center.y - height / 2, width, height };
}
