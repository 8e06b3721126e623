import { munkres } from 'munkres';
import {
  type Box,
  centerOf,
  distance,
  intersectionOverSmaller,
  intersectionOverUnion,
  sizeOf,
} from '../align/geometry.js';
import type { Detection } from '../detect/detector.js';
import type { Sighting, Track } from './track.js';

/**
 * Pairs rows with columns so that the sum of costs is smallest.
 * @param cost [rows][columns]; Infinity forbids a pair
 * @returns [row, column] pairs, by row; rows and columns for which only forbidden pairs are left stay single
 */
export function assign(cost: readonly (readonly number[])[]): [row: number, column: number][] {
  if (cost.length === 0 || cost[0]!.length === 0) return [];
  // Forbidden pairs cost more than any sum of allowed ones: a full assignment then always exists, and uses few of them.
  const allowed = cost.flat().filter(Number.isFinite);
  const forbidden = 1 + allowed.reduce((sum, value) => sum + Math.abs(value), 0);
  return munkres(cost.map((row) => row.map((value) => (Number.isFinite(value) ? value : forbidden))))
    .filter(([row, column]) => Number.isFinite(cost[row]![column]))
    .sort(([a], [b]) => a - b);
}

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
interface Expectation {
  readonly box: Box;
  /** Seconds since it was last seen. */
  readonly unseen: number;
}

interface Matches {
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
