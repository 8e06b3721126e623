import { assign } from './assignment.js';
import type { Detection } from './detector.js';
import { type Box, centerOf, distance, intersectionOverUnion, sizeOf } from './geometry.js';

/** A face may be this far from where it was expected, in face sizes: at once, and more for each second unseen. */
const REACH = 0.7;
const REACH_PER_SECOND = 1.5;
/** Sizes of one face in consecutive looks differ by less than this factor. */
const MOST_GROWTH = 1.9;

/** What a tracker needs to know of a face it expects. */
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
 * Pairs expected faces with detections, first the sure ones (score of at least `sure`), then the doubtful ones for those
 * still missing: a weak detection may continue a face but never replaces a strong one.
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

/** Infinity when the two cannot be the same face. */
function matchCost({ box, unseen }: Expectation, detection: Box): number {
  const size = Math.max(sizeOf(box), sizeOf(detection));
  const growth = Math.abs(Math.log(sizeOf(box) / sizeOf(detection)));
  const apart = distance(centerOf(box), centerOf(detection)) / size;
  if (growth > Math.log(MOST_GROWTH) || apart > REACH + REACH_PER_SECOND * unseen) return Infinity;
  return apart + 0.5 * growth + 0.5 * (1 - intersectionOverUnion(box, detection));
}
