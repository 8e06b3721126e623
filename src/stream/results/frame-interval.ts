import { isLeap } from '../../ingest/ffmpeg/continuous-time.js';
import type { FrameResult } from '../pipeline/frame-result.js';

/** Seconds a single frame is taken to last. */
const LONE_FRAME = 0.04;

/** A frame and the time it is shown. */
export interface TimedFrame {
  readonly result: FrameResult;
  /** Seconds; `end` is the start of the next frame, unless the clock leaps. Equal only where timestamps repeat. */
  readonly start: number;
  readonly end: number;
}

/**
 * How long each frame is shown: until the next one, at any frame rate. The last one, and one before the clock of the footage leaps by hours,
 * is shown as long as the frames before it. Images of a folder are shown as long as their rate says.
 * Holds one frame.
 */
export class FrameIntervals {
  private pending: { result: FrameResult; start: number } | null = null;
  private interval = LONE_FRAME;
  /** Between the last two frames, leap or not: two in a row are the rate of the footage. */
  private distance = LONE_FRAME;

  /** The frame before `result`, whose end is now known; null for the first. */
  push(result: FrameResult): TimedFrame | null {
    const before = this.pending;
    const start = before === null ? result.timestamp : Math.max(result.timestamp, before.start);
    this.pending = { result, start };
    if (before === null) return null;
    const distance = start - before.start;
    const leaps = result.file === undefined && isLeap(distance, this.distance);
    if (distance > 0) this.distance = distance;
    if (leaps) return { ...before, end: before.start + this.interval };
    if (distance > 0) this.interval = distance;
    return { ...before, end: start };
  }

  /** The last frame; null if there was none. */
  end(): TimedFrame | null {
    const last = this.pending;
    this.pending = null;
    return last === null ? null : { ...last, end: last.start + this.interval };
  }
}
