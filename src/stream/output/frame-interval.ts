import type { FrameResult } from '../pipeline/frame-result.js';

/** Seconds a single frame is taken to last. */
const LONE_FRAME = 0.04;

/** A frame and the time it is shown. */
export interface TimedFrame {
  readonly result: FrameResult;
  /** Seconds; `end` is the start of the next frame. Equal only where timestamps repeat. */
  readonly start: number;
  readonly end: number;
}

/**
 * How long each frame is shown: until the next one, at any frame rate; the last one as long as the one before it.
 * Holds one frame. A timestamp that steps back is moved to the start of the frame before it.
 */
export class FrameIntervals {
  private pending: { result: FrameResult; start: number } | null = null;
  private interval = LONE_FRAME;

  /** The frame before `result`, whose end is now known; null for the first. */
  push(result: FrameResult): TimedFrame | null {
    const before = this.pending;
    const start = before === null ? result.timestamp : Math.max(result.timestamp, before.start);
    this.pending = { result, start };
    if (before === null) return null;
    if (start > before.start) this.interval = start - before.start;
    return { ...before, end: start };
  }

  /** The last frame; null if there was none. */
  end(): TimedFrame | null {
    const last = this.pending;
    this.pending = null;
    return last === null ? null : { ...last, end: last.start + this.interval };
  }
}
