import type { StatsMessage } from '../protocol/index.js';
import { RateMeter } from './rate-meter.js';

/** Every frame is received, and then one of the other three, unless the connection ends before. */
export type FrameEvent = 'received' | 'answered' | 'skipped' | 'refused';

export type FrameCounts = Record<FrameEvent, number>;

/** Counts frames, and tells `report` of each. */
export class FrameTally {
  private readonly counts: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };
  private readonly answers = new RateMeter();

  constructor(private readonly report: (event: FrameEvent, times: number) => void) {}

  add(event: FrameEvent, times = 1): void {
    this.counts[event] += times;
    if (event === 'answered') this.answers.add();
    this.report(event, times);
  }

  now(): FrameCounts {
    return { ...this.counts };
  }

  /** What a `stats` message says of frames. @param since counts to leave out */
  stats(since: FrameCounts = NONE): Omit<StatsMessage, 'type' | 'dropped' | 'load'> {
    return {
      received: this.counts.received - since.received,
      answered: this.counts.answered - since.answered,
      skipped: this.counts.skipped - since.skipped,
      refused: this.counts.refused - since.refused,
      framesPerSecond: Math.round(this.answers.perSecond() * 100) / 100,
    };
  }
}

const NONE: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };
