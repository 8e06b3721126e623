import type { Frame } from '../../frame.js';
import type { Box } from '../align/geometry.js';
import { COLUMNS, ROWS } from './scene-cut.js';
import type { Sighting, Track } from './track.js';

/** Run the detector on every n-th frame, or when there is reason to. */
export type DetectEvery = number | 'auto';

/** Seconds after which newcomers are searched for, come what may. */
const NEWCOMER_SECONDS = 0.165;
/** A followed face is detected again when its score has fallen to this share of what it was when last detected. */
const FADED = 0.8;
/** Change of an area outside the known faces, as a share of the value range, that may be a newcomer; and how much it must exceed what is usual. */
const LEAST_MOTION = 0.04;
const OUTSTANDING = 2;
/** Seconds over which the usual change is averaged. */
const MEMORY = 0.5;
/** Side of an area in cells, and the distance between two. */
const AREA = 4;
const STEP = 2;
/** A known face and what moves with it: this many times its box. */
const SURROUNDINGS = 1.8;
/** A picture without faces is the same as the one before when no cell has changed by more than this share of the value range. */
const SAME = 0.01;
const SAME_SECONDS = 0.5;

/**
 * Decides which frames the detector sees while all known faces are followed without doubt. Every n-th; or, with `auto`, when a face
 * fades, when something moves elsewhere in the picture, and every NEWCOMER_SECONDS.
 */
export class DetectionPolicy {
  private sinceDetection = 0;
  private detectedAt = -Infinity;
  /** Brightness when the detector ran last, and in the frame before this one. */
  private detected: Float32Array | null = null;
  private previous: Float32Array | null = null;
  private current: Float32Array | null = null;
  private time = -Infinity;
  private usualMotion = 0;
  private hasMotion = false;

  constructor(private readonly every: DetectEvery) {}

  /**
   * Takes the next frame.
   * @param brightness of its cells (`lumaSignature`)
   */
  next(frame: Frame, brightness: Float32Array, tracks: readonly Track[]): void {
    const elapsed = Math.max(0, frame.timestamp - this.time);
    this.previous = this.current;
    this.current = brightness;
    this.time = frame.timestamp;
    if (this.every !== 'auto' || this.previous === null) return;
    const motion = motionOutside(
      this.previous,
      brightness,
      tracks.map(({ box }) => box),
      frame,
    );
    this.hasMotion = motion > LEAST_MOTION && motion > OUTSTANDING * this.usualMotion;
    this.usualMotion += (1 - Math.exp(-elapsed / MEMORY)) * (motion - this.usualMotion);
  }

  /** Whether this frame can do without the detector. @param tracks the known faces, none of them in doubt */
  mayFollow(tracks: readonly Track[]): boolean {
    if (this.every !== 'auto') return tracks.length > 0 && this.sinceDetection + 1 < this.every;
    if (tracks.length === 0) return this.isSame();
    return !this.hasMotion && this.time - this.detectedAt < NEWCOMER_SECONDS;
  }

  /** Whether a face that was found by its landmarks should rather be detected. */
  hasFaded(track: Track, sighting: Sighting): boolean {
    return this.every === 'auto' && sighting.score < FADED * track.detectedScore;
  }

  /** This frame was done without the detector. */
  followed(): void {
    this.sinceDetection++;
  }

  /** The detector sees this frame. */
  detects(): void {
    this.sinceDetection = 0;
    this.detectedAt = this.time;
    this.detected = this.current;
  }

  private isSame(): boolean {
    const { detected, current } = this;
    if (detected === null || current === null || this.time - this.detectedAt >= SAME_SECONDS) return false;
    return current.every((value, i) => Math.abs(value - detected[i]!) <= SAME);
  }
}

/** The largest mean change of an area of cells, beyond an even change of brightness; cells on known faces do not count. 0..1 */
function motionOutside(
  before: Float32Array,
  after: Float32Array,
  faces: readonly Box[],
  { width, height }: Pick<Frame, 'width' | 'height'>,
): number {
  const change = new Float32Array(after.length);
  let shift = 0;
  for (let i = 0; i < after.length; i++) shift += (after[i]! - before[i]!) / after.length;
  for (let i = 0; i < after.length; i++) change[i] = Math.abs(after[i]! - before[i]! - shift);
  for (const box of faces) cover(change, box, COLUMNS / width, ROWS / height);
  let largest = 0;
  for (let top = 0; top + AREA <= ROWS; top += STEP) {
    for (let left = 0; left + AREA <= COLUMNS; left += STEP) {
      let sum = 0;
      for (let y = top; y < top + AREA; y++) for (let x = left; x < left + AREA; x++) sum += change[y * COLUMNS + x]!;
      largest = Math.max(largest, sum / AREA ** 2);
    }
  }
  return largest;
}

/** Sets the cells on and around a face to 0. */
function cover(change: Float32Array, box: Box, perColumn: number, perRow: number): void {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const [dx, dy] = [(box.width / 2) * SURROUNDINGS, (box.height / 2) * SURROUNDINGS];
  const from = (position: number): number => Math.max(0, Math.floor(position));
  const bottom = Math.min(ROWS, Math.ceil((y + dy) * perRow));
  const right = Math.min(COLUMNS, Math.ceil((x + dx) * perColumn));
  for (let row = from((y - dy) * perRow); row < bottom; row++)
    for (let column = from((x - dx) * perColumn); column < right; column++) change[row * COLUMNS + column] = 0;
}
