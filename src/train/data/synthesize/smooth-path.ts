import type { SeededRandom } from '../../util/seeded-random.js';

/** Periods of the waves a path is made of, in frames: from a slow sway to something like a nod, at 25 to 30 frames per second. */
const SHORTEST_PERIOD = 16;
const LONGEST_PERIOD = 64;
const WAVES = 3;

/**
 * A random path without corners or ends: the mean of three sine waves whose periods (16 to 64 frames) and phases are drawn.
 * @returns [length], each value in -1..1, neighbours no further apart than 2 pi / 16
 */
export function smoothPath(length: number, random: SeededRandom): number[] {
  const waves = Array.from({ length: WAVES }, () => ({
    period: SHORTEST_PERIOD * (LONGEST_PERIOD / SHORTEST_PERIOD) ** random.next(),
    phase: random.next(),
  }));
  return Array.from(
    { length },
    (_, t) => waves.reduce((sum, { period, phase }) => sum + Math.sin(2 * Math.PI * (t / period + phase)), 0) / WAVES,
  );
}
