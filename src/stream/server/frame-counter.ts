import type { StatsMessage } from '../protocol/messages.js';
import { RateMeter } from '../live/meters.js';

/** Every frame is received, then answered, skipped or refused, unless the connection ends first. */
export type FrameEvent = 'received' | 'answered' | 'skipped' | 'refused';

export type FrameCounts = Record<FrameEvent, number>;

/** Seconds over which the rate in `stats` is measured. */
const RATE_SECONDS = 4;

/** Counts frames, and calls `report` for each. */
export class FrameCounter {
  private readonly total: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };
  private readonly answers = new RateMeter(RATE_SECONDS);

  constructor(private readonly report: (event: FrameEvent, times: number) => void) {}

  add(event: FrameEvent, times = 1): void {
    this.total[event] += times;
    if (event === 'answered') this.answers.add(performance.now() / 1000);
    this.report(event, times);
  }

  counts(): FrameCounts {
    return { ...this.total };
  }

  /** The frame figures of a `stats` message. @param since counts to subtract */
  stats(since: FrameCounts = NONE): Omit<StatsMessage, 'type' | 'dropped' | 'load'> {
    return {
      received: this.total.received - since.received,
      answered: this.total.answered - since.answered,
      skipped: this.total.skipped - since.skipped,
      refused: this.total.refused - since.refused,
      framesPerSecond: Math.round(this.answers.at(performance.now() / 1000) * 100) / 100,
    };
  }
}

const NONE: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };
