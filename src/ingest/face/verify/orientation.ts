import type { Frame } from '../../frame.js';
import { intersectionOverSmaller, sizeOf, squareAround } from '../align/geometry.js';
import { presenceWindow } from '../detect/detector.js';
import type { Detection, FaceDetector } from '../detect/detector.js';
import { QUARTER_TURNS, angleBetween, nearestQuarter } from '../detect/quarter-turn.js';
import type { FacePresence } from './face-presence.js';

/** A detection that is the right way up, and what the presence network says of it, 0..1. */
export interface UprightDetection {
  readonly detection: Detection;
  readonly presence: number;
}

/**
 * The way up is clear when the presence network prefers it to upside down by this much, in logits. Measured on upright faces:
 * 3 and more, mostly above 10; on faces upside down: below -7.
 */
const MARGIN = 2;
/** Radians: beyond the first a detector's own estimate of the roll needs a check, beyond the second it is useless. */
const DIAGONAL = 0.35;
const RELIABLE = 1;
/** The closer search covers a square this many times as large as the face. */
const SEARCH_AREA = 2;
const SAME_FACE = 0.5;
/** Gain that another orientation needs over the present one. */
const GAIN = 1.05;

/**
 * Finds the orientation of faces. A detector also finds faces on their side or upside down, but then takes the
 * chin for the forehead. Mostly the presence network tells up from down; a face that stays unclear is searched for again in
 * turned pictures, and where detector and presence network agree best is up.
 */
export async function findUpright(
  frame: Frame,
  detector: FaceDetector,
  presence: FacePresence,
  detections: readonly Detection[],
): Promise<UprightDetection[]> {
  const upright = detections.map(presenceWindow);
  const upsideDown = upright.map((window) => ({ ...window, angle: window.angle + Math.PI }));
  const presences = await presence.probabilities(frame, [...upright, ...upsideDown]);
  const found: UprightDetection[] = [];
  for (const [i, detection] of detections.entries()) {
    const seen = { detection, presence: presences[i]! };
    const opposite = presences[detections.length + i]!;
    const isUpright = logit(seen.presence) - logit(opposite) > MARGIN && isStraight(detection);
    found.push(isUpright ? seen : await searchTurned(frame, detector, presence, seen));
  }
  return found;
}

async function searchTurned(
  frame: Frame,
  detector: FaceDetector,
  presence: FacePresence,
  found: UprightDetection,
): Promise<UprightDetection> {
  const { box } = found.detection;
  const search = { region: squareAround(box, SEARCH_AREA), smallest: sizeOf(box) / 2 };
  const candidates: Detection[] = [];
  for (const quarter of QUARTER_TURNS) {
    const detections = await detector.detect(frame, { ...search, quarter });
    const best = detections.find((other) => intersectionOverSmaller(other.box, box) >= SAME_FACE);
    if (best !== undefined && angleBetween(best.roll, (quarter * Math.PI) / 2) < RELIABLE) candidates.push(best);
  }
  const presences = await presence.probabilities(frame, candidates.map(presenceWindow));
  const value = (i: number): number => candidates[i]!.score * presences[i]!;
  const [best] = [...candidates.keys()].sort((a, b) => value(b) - value(a));
  if (best === undefined) return found;
  const { roll } = found.detection;
  const agreeing = [...candidates.keys()].filter((i) => angleBetween(candidates[i]!.roll, roll) < DIAGONAL);
  const current = Math.max(0, ...agreeing.map(value));
  return value(best) > GAIN * current && !agreeing.includes(best)
    ? { detection: candidates[best]!, presence: presences[best]! }
    : found;
}

function logit(probability: number): number {
  const p = Math.min(1 - 1e-8, Math.max(1e-8, probability));
  return Math.log(p / (1 - p));
}

/** Near enough to a quarter turn for the roll to be reliable. */
function isStraight({ roll, keypoints }: Detection): boolean {
  return keypoints !== null && angleBetween(roll, (nearestQuarter(roll) * Math.PI) / 2) < DIAGONAL;
}
