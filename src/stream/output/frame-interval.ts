import type { FrameResult } from '../pipeline/frame-result.js';

/** Seconds that a frame is taken to last when it is the only one. */
const LONE_FRAME = 0.04;

/** A frame and the time it is on the screen. */
export interface TimedFrame {
  readonly result: FrameResult;
  /** Seconds; `end` is where the next frame begins. `start <= end`, and equal only where timestamps repeat. */
  readonly start: number;
  readonly end: number;
}

/**
 * Tells how long each frame lasts: until the next one, whatever the frame rate does; the last one as long as the one before it.
 * Holds one frame. A timestamp that goes backwards is moved to where the frame before it began.
 */
export class FrameIntervals {
  private pending: { result: FrameResult; start: number } | null = null;
  private interval = LONE_FRAME;

  /** The frame before `result`, now that its end is known; null for the first. */
  push(result: FrameResult): TimedFrame | null {
    const before = this.pending;
    const start = before === null ? result.timestamp : Math.max(result.timestamp, before.start);
    this.pending = { result, start };
    if (before === null) return null;
    if (start > before.start) this.interval = start - before.start;
    return { ...before, end: start };
  }

  /** The last frame; null when there was none. */
  end(): TimedFrame | null {
    const last = this.pending;
    this.pending = null;
    return last === null ? null : { ...last, end: last.start + this.interval };
  }
}
