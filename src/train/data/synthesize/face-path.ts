import type { SeededRandom } from '../../util/seeded-random.js';

/** Pose of a face in one frame, relative to its still image. */
export interface FacePose {
  /** Moved, as a share of the picture's side. */
  readonly right: number;
  readonly down: number;
  /** Enlarged; 1 as in the still image. */
  readonly scale: number;
  /** Turned clockwise, in degrees. */
  readonly turn: number;
  /** Factor on all pixel values. */
  readonly brightness: number;
}

/** Furthest drift (of the smooth path) and jitter (standard deviation, drawn for each frame on its own) of one number. */
interface Sway {
  readonly drift: number;
  readonly jitter: number;
}

/** About what is left when a detector's boxes are aligned: a face that stays about where it is, never quite still. */
const SHIFT: Sway = { drift: 0.06, jitter: 0.006 };
const SCALE: Sway = { drift: 0.05, jitter: 0.005 };
const TURN: Sway = { drift: 6, jitter: 0.5 };
const BRIGHTNESS: Sway = { drift: 0.15, jitter: 0.01 };
/** A little nearer on average, so that less of the repeated edge is seen. */
const MEAN_SCALE = 1.04;

/** How a face drifts and jitters through a clip. @returns [frames] */
export function facePath(frames: number, random: SeededRandom): FacePose[] {
  const swaying = (name: string, { drift, jitter }: Sway): number[] => {
    const own = random.fork(name);
    return smoothPath(frames, own).map((value) => drift * value + jitter * own.normal());
  };
  const right = swaying('right', SHIFT);
  const down = swaying('down', SHIFT);
  const scale = swaying('scale', SCALE);
  const turn = swaying('turn', TURN);
  const brightness = swaying('brightness', BRIGHTNESS);
  return right.map((moved, t) => ({
    right: moved,
    down: down[t]!,
    scale: MEAN_SCALE + scale[t]!,
    turn: turn[t]!,
    brightness: 1 + brightness[t]!,
  }));
}

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
