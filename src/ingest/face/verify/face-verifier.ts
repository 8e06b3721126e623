import type { Frame } from '../../frame.js';
import {
  type Box,
  centerOf,
  intersectionOverSmaller,
  intersectionOverUnion,
  sizeOf,
  squareAround,
} from '../align/geometry.js';
import { presenceWindow } from '../detect/detector.js';
import type { Detection, DetectorScores, FaceDetector } from '../detect/detector.js';
import { QUARTER_TURNS, angleBetween, nearestQuarter } from '../detect/quarter-turn.js';
import { expectedWindow } from '../track/sightings.js';
import { type FaceMatch, onSameFace } from '../track/match.js';
import type { Sighting, Track } from '../track/track.js';
import type { FacePresence } from './face-presence.js';

/** A detection that is the right way up, and what the presence network says of it, 0..1. */
interface UprightDetection {
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
async function findUpright(
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

/** Presence that admits a newcomer of strong score, and one that confirms it at once; a weak newcomer needs the latter several times. */
const PRESENT = 0.7;
export const CLEARLY_PRESENT = 0.95;
/** Presence that votes for an unconfirmed face, that backs a weak detection, and that replaces a missing one. */
const CONVINCING = 0.9;
const BACKING = 0.5;
const STILL_PRESENT = 0.8;
/** A newcomer of so little presence is ignored for this many seconds; noise alone does not bring it so low. */
const ABSENT = 0.1;
const REJECTED_SECONDS = 0.3;
/** Overlap from which a detection is the one that was rejected a moment ago. */
const SAME_DETECTION = 0.5;

/** Conditions for verifying a new face. */
interface Entry {
  readonly minScore: number;
  /** Pixels of the frame. */
  readonly minSize: number;
}

/** Verifies detections with a second network: detectors also see faces in lettering and leaves. */
export class FaceVerifier {
  private rejected: { readonly box: Box; readonly time: number }[] = [];

  private readonly presence: FacePresence;
  private readonly detector: FaceDetector;
  private readonly scores: DetectorScores;

  constructor(
    { presence, detector }: { readonly presence: FacePresence; readonly detector: FaceDetector },
    private readonly entry: Entry,
  ) {
    this.presence = presence;
    this.detector = detector;
    this.scores = detector.scores;
  }

  /** After a cut, earlier rejections say nothing. */
  forget(): void {
    this.rejected = [];
  }

  /** True when score and presence confirm a newcomer at once. */
  confirms({ detection, presence }: FaceMatch): boolean {
    return detection.score >= this.scores.strong && presence! >= CLEARLY_PRESENT;
  }

  /**
   * Verifies matches of unconfirmed tracks, and of confirmed ones whose detection is weak.
   * @returns the matches without those backed by nothing but a low score: their faces count as not seen
   */
  async verifyMatches(frame: Frame, matches: readonly FaceMatch[]): Promise<FaceMatch[]> {
    const doubtful = matches.filter(
      ({ track, detection }) => !track!.confirmed || detection.score < this.scores.strong,
    );
    const presences = await this.presence.probabilities(
      frame,
      doubtful.map(({ detection }) => presenceWindow(detection)),
    );
    const unbacked = new Set<FaceMatch>();
    for (const [i, match] of doubtful.entries()) {
      const presence = presences[i]!;
      if (!match.track!.confirmed)
        match.track!.vote(match.detection.score >= this.entry.minScore && presence >= CONVINCING, frame.timestamp);
      else if (presence < BACKING) unbacked.add(match);
    }
    return matches.filter((match) => !unbacked.has(match));
  }

  /**
   * Detections without a track become newcomers only if the presence network finds a face there, too.
   * @param known boxes of the faces that are in the picture already
   */
  async verifyNewcomers(frame: Frame, detections: readonly Detection[], known: readonly Box[]): Promise<FaceMatch[]> {
    const time = frame.timestamp;
    const { minScore, minSize } = this.entry;
    this.rejected = this.rejected.filter((rejection) => time - rejection.time < REJECTED_SECONDS);
    const candidates = detections
      .filter(({ box, score }) => score >= minScore && sizeOf(box) >= minSize)
      .filter(({ box }) => !known.some((other) => onSameFace(other, box)))
      .filter(({ box }) =>
        this.rejected.every(
          (rejection) => rejection.time === time || intersectionOverUnion(rejection.box, box) < SAME_DETECTION,
        ),
      );
    const accepted: FaceMatch[] = [];
    for (const { detection, presence } of await findUpright(frame, this.detector, this.presence, candidates)) {
      const enough = detection.score >= this.scores.strong ? PRESENT : CLEARLY_PRESENT;
      const isNew = !accepted.some((other) => onSameFace(other.detection.box, detection.box));
      if (presence >= enough && isNew) accepted.push({ detection, track: null, presence });
      else if (presence < ABSENT) this.rejected.push({ box: detection.box, time });
    }
    return accepted;
  }

  /** Sightings by landmarks alone that the presence network confirms; their score is at most what it says. */
  async verifyFollowed(
    frame: Frame,
    followed: readonly { readonly track: Track; readonly sighting: Sighting }[],
  ): Promise<Map<Track, Sighting>> {
    const presences = await this.presence.probabilities(
      frame,
      followed.map(({ track }) => ({
        ...expectedWindow(track, frame.timestamp),
        center: centerOf(track.motion.predict(frame.timestamp)),
        side: Math.max(track.box.width, track.box.height) * 1.5,
      })),
    );
    const verified = new Map<Track, Sighting>();
    for (const [i, { track, sighting }] of followed.entries()) {
      const presence = presences[i]!;
      if (presence >= STILL_PRESENT) verified.set(track, { ...sighting, score: Math.min(sighting.score, presence) });
    }
    return verified;
  }
}
