import type { Detection } from './detector.js';
import { type Box, intersectionOverSmaller } from './geometry.js';
import type { Sighting, Track } from './track.js';

/** A detection and the track it belongs to, or null for a newcomer. */
export interface Find {
  readonly detection: Detection;
  readonly track: Track | null;
  /** Outcome of the second look, 0..1; null when none was taken. */
  readonly presence: number | null;
}

/** Boxes that share this much of the smaller one lie on the same face. */
const SAME_PLACE = 0.5;

export function onSameFace(a: Box, b: Box): boolean {
  return intersectionOverSmaller(a, b) >= SAME_PLACE;
}

/** True when a sighting of another face lies where `box` is. */
export function isTaken(box: Box, seen: ReadonlyMap<Track, Sighting>): boolean {
  return [...seen.values()].some((other) => onSameFace(other.box, box));
}
