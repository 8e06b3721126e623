import { FerError } from '../../../errors/fer-error.js';
import type { SeededRandom } from '../../util/seeded-random.js';

/** One face after another, each dissolving into the next. */
export interface DissolveSchedule {
  readonly frames: number;
  /** Frame at which each segment becomes the one with the larger share, ascending; the first is 0. */
  readonly starts: readonly number[];
  /** Frames over which the segment before dissolves into this one, even numbers, half of them before its start; 0 for the first. */
  readonly dissolves: readonly number[];
}

/** Content of one frame: `share` of segment `next`, the rest of segment `segment`. */
export interface Mix {
  readonly segment: number;
  readonly next: number;
  readonly share: number;
}

const SHORTEST_SEGMENT = 4;
/** Half of a dissolve, in frames. */
const SHORTEST_HALF = 2;
const LONGEST_HALF = 6;
/** Frames per segment: with as many, and as few, segments as allowed. */
const MANY = 8;
const FEW = 16;

export const SHORTEST_CLIP = 2 * SHORTEST_SEGMENT;

/**
 * Draws how many segments a clip has (one for every 8 to 16 frames, two at least), where they begin, and how long each dissolve takes: 4 to 12 frames,
 * none beyond the middle of a segment, so that no frame shows three faces.
 * @param frames at least 8
 * @throws FerError CONFIG_INVALID for fewer
 */
export function dissolveSchedule(frames: number, random: SeededRandom): DissolveSchedule {
  if (!Number.isInteger(frames) || frames < SHORTEST_CLIP) {
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: ${frames} frames leave no room for a dissolve: give ${SHORTEST_CLIP} or more`,
    );
  }
  const fewest = Math.max(2, Math.ceil(frames / FEW));
  const most = Math.max(fewest, Math.floor(frames / MANY));
  const segments = fewest + random.int(most - fewest + 1);
  const lengths = segmentLengths(frames, segments, random);
  const starts: number[] = [];
  const dissolves: number[] = [];
  lengths.forEach((length, k) => {
    const before = lengths[k - 1];
    starts.push(before === undefined ? 0 : starts[k - 1]! + before);
    if (before === undefined) dissolves.push(0);
    else {
      const longest = Math.min(LONGEST_HALF, Math.floor(Math.min(before, length) / 2));
      dissolves.push(2 * (SHORTEST_HALF + random.int(longest - SHORTEST_HALF + 1)));
    }
  });
  return { frames, starts, dissolves };
}

/** Content of every frame: the share of the next segment grows evenly and passes one half just before its start. */
export function mixes({ frames, starts, dissolves }: DissolveSchedule): Mix[] {
  return Array.from({ length: frames }, (_, t) => {
    for (let next = 1; next < starts.length; next += 1) {
      // A dissolve of n frames takes the shares 1/2n, 3/2n, 5/2n ... : never one half, as n is even.
      const share = 0.5 + (t - starts[next]! + 0.5) / dissolves[next]!;
      if (share > 0 && share < 1) return { segment: next - 1, next, share };
    }
    const segment = starts.filter((start) => start <= t).length - 1;
    return { segment, next: segment, share: 0 };
  });
}

/** The segment with the larger share. */
export function mainSegment({ segment, next, share }: Mix): number {
  return share > 0.5 ? next : segment;
}

/** The larger share: 1 where one face is seen alone. */
export function mainShare({ share }: Mix): number {
  return Math.max(share, 1 - share);
}

/** Random lengths that add up to `frames`, none shorter than a segment may be. */
function segmentLengths(frames: number, segments: number, random: SeededRandom): number[] {
  const spare = frames - segments * SHORTEST_SEGMENT;
  const cuts = Array.from({ length: segments - 1 }, () => random.int(spare + 1)).sort((a, b) => a - b);
  return Array.from({ length: segments }, (_, k) => SHORTEST_SEGMENT + (cuts[k] ?? spare) - (cuts[k - 1] ?? 0));
}
