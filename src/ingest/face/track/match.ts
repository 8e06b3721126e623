import type { Detection } from '../detect/detector.js';
import { assign } from './assignment.js';
import type { Sighting, Track } from './track.js';
import {
  type Box,
  centerOf,
  distance,
  intersectionOverSmaller,
  intersectionOverUnion,
  sizeOf,
} from '../align/geometry.js';

/** Largest distance from the expected place, in face sizes, and its growth per second unseen. */
const REACH = 0.7;
const REACH_PER_SECOND = 1.5;
/** Sizes of one face in consecutive looks differ by less than this factor. */
const MOST_GROWTH = 1.9;

/** Boxes that share this much of the smaller one show the same face. */
const SAME_PLACE = 0.5;

/** A detection and the track it belongs to. */
export interface FaceMatch {
  readonly detection: Detection;
  /** Null for a newcomer. */
  readonly track: Track | null;
  /** Output of the presence network, 0..1; null if it did not run. */
  readonly presence: number | null;
}

/** An expected face, for matching. */
export interface Expectation {
  readonly box: Box;
  /** Seconds since it was last seen. */
  readonly unseen: number;
}

export interface Matches {
  readonly pairs: readonly (readonly [expectation: number, detection: number])[];
  readonly missing: readonly number[];
  readonly unexpected: readonly number[];
}

/**
 * Pairs expected faces with detections: strong detections (score of at least `sure`) first, then weak ones for the faces
 * still missing. A weak detection may continue a face but never replaces a strong one.
 * @see ByteTrack, Zhang et al. 2022
 */
export function matchFaces(expected: readonly Expectation[], detections: readonly Detection[], sure: number): Matches {
  const pairs: [number, number][] = [];
  const free = new Set(expected.keys());
  for (const isRound of [(score: number) => score >= sure, (score: number) => score < sure]) {
    const rows = [...free];
    const columns = [...detections.keys()].filter((column) => isRound(detections[column]!.score));
    const cost = rows.map((row) => columns.map((column) => matchCost(expected[row]!, detections[column]!.box)));
    for (const [row, column] of assign(cost)) {
      pairs.push([rows[row]!, columns[column]!]);
      free.delete(rows[row]!);
    }
  }
  const taken = new Set(pairs.map(([, column]) => column));
  return { pairs, missing: [...free], unexpected: [...detections.keys()].filter((column) => !taken.has(column)) };
}

export function onSameFace(a: Box, b: Box): boolean {
  return intersectionOverSmaller(a, b) >= SAME_PLACE;
}

/** True when another face was seen at `box`. */
export function isOccupied(box: Box, seen: ReadonlyMap<Track, Sighting>): boolean {
  return [...seen.values()].some((other) => onSameFace(other.box, box));
}

/** Infinity when the two cannot be the same face. */
function matchCost({ box, unseen }: Expectation, detection: Box): number {
  const size = Math.max(sizeOf(box), sizeOf(detection));
  const growth = Math.abs(Math.log(sizeOf(box) / sizeOf(detection)));
  const apart = distance(centerOf(box), centerOf(detection)) / size;
  if (growth > Math.log(MOST_GROWTH) || apart > REACH + REACH_PER_SECOND * unseen) return Infinity;
  return apart + 0.5 * growth + 0.5 * (1 - intersectionOverUnion(box, detection));
}
