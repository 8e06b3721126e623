import { isLeap } from '../../ingest/ffmpeg/continuous-time.js';
import { IMAGE_RATE } from '../../ingest/sources/frame-source.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata } from './annotation-schema.js';

/** Seconds a single frame of a video is taken to last. */
export const LONE_FRAME = 0.04;

/** Seconds a single frame lasts: that of a video is not known. */
export function loneFrameSeconds({ input, settings }: Pick<RunMetadata, 'input' | 'settings'>): number {
  if (input.kind !== 'images') return LONE_FRAME;
  const { fps } = settings;
  return 1 / (typeof fps === 'number' ? fps : IMAGE_RATE);
}

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
  private interval: number;
  /** Between the last two frames, leap or not: two in a row are the rate of the footage. */
  private distance: number;

  /** @param alone seconds that a single frame lasts */
  constructor(alone = LONE_FRAME) {
    this.interval = alone;
    this.distance = alone;
  }

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
