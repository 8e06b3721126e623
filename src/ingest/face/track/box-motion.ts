import { type Box, centerOf, type Point, sizeOf } from '../align/geometry.js';

/** Time constants in seconds: averaging of the velocity, and its decay while nothing is seen. */
const VELOCITY_MEMORY = 0.12;
const COASTING = 0.25;
/** Share of a new box taken over at once; the rest smooths the detector's jitter. */
const CENTER_GAIN = 0.75;
const SIZE_GAIN = 0.5;

/**
 * Where a face is and where it is going: constant velocity that fades, all in seconds of presentation time, so that
 * frame rate and gaps do not matter.
 */
export class BoxMotion {
  private center: Point;
  private width: number;
  private height: number;
  private velocity: Point = { x: 0, y: 0 };
  private time: number;

  constructor(box: Box, time: number) {
    this.center = centerOf(box);
    this.width = box.width;
    this.height = box.height;
    this.time = time;
  }

  /** Pixels per second. */
  get speed(): number {
    return Math.hypot(this.velocity.x, this.velocity.y);
  }

  /** The box expected at `time` (seconds). */
  predict(time: number): Box {
    const elapsed = Math.max(0, time - this.time);
    const reach = COASTING * (1 - Math.exp(-elapsed / COASTING));
    const x = this.center.x + this.velocity.x * reach;
    const y = this.center.y + this.velocity.y * reach;
    return { x: x - this.width / 2, y: y - this.height / 2, width: this.width, height: this.height };
  }

  /** Adds an observed box and returns the smoothed one. */
  correct(box: Box, time: number): Box {
    const elapsed = time - this.time;
    const seen = centerOf(box);
    const expected = centerOf(this.predict(time));
    // A jump by much of the face's size is motion, not jitter: follow it without lag.
    const jump = Math.hypot(seen.x - expected.x, seen.y - expected.y) / Math.max(1, sizeOf(box));
    const gain = CENTER_GAIN + (1 - CENTER_GAIN) * Math.min(1, jump / 0.15);
    const center = { x: expected.x + gain * (seen.x - expected.x), y: expected.y + gain * (seen.y - expected.y) };
    if (elapsed > 0) {
      const share = 1 - Math.exp(-elapsed / VELOCITY_MEMORY);
      this.velocity = {
        x: this.velocity.x + share * ((center.x - this.center.x) / elapsed - this.velocity.x),
        y: this.velocity.y + share * ((center.y - this.center.y) / elapsed - this.velocity.y),
      };
    }
    this.center = center;
    this.width += SIZE_GAIN * (box.width - this.width);
    this.height += SIZE_GAIN * (box.height - this.height);
    this.time = time;
    return this.predict(time);
  }
}
