import type { Frame } from '../../frame.js';
import { SceneCuts } from './scene-cut.js';

/** A gap this many times as long as usual, and at least LEAST_GAP seconds long, counts as a cut. */
const LONG_GAP = 2.5;
const LEAST_GAP = 1;
/** Recent frame intervals that define the usual one. */
const INTERVALS = 7;

/** Whether a frame continues the shot: surely, perhaps (much has changed), or not at all. */
export type ShotChange = 'none' | 'possible' | 'cut';

/** Decides, frame by frame, whether positions in the last frame are valid for this one. */
export class ShotContinuity {
  private readonly cuts = new SceneCuts();
  private last: Pick<Frame, 'timestamp' | 'width' | 'height'> | null = null;
  private intervals: number[] = [];

  /** The usual time between frames in seconds (a median); 0 before the second frame. */
  get interval(): number {
    return [...this.intervals].sort((a, b) => a - b)[this.intervals.length >> 1] ?? 0;
  }

  /** Brightness of the last frame's cells, as `lumaSignature` gives it. */
  get brightness(): Float32Array {
    return this.cuts.signature!;
  }

  /** Takes the next frame; frames have to come in order. */
  next(frame: Frame): ShotChange {
    const { last } = this;
    const { timestamp, width, height } = frame;
    this.last = { timestamp, width, height };
    const change = this.cuts.compare(frame);
    if (last === null) return 'cut';
    const elapsed = timestamp - last.timestamp;
    if (elapsed > 0) this.intervals = [...this.intervals.slice(1 - INTERVALS), elapsed];
    const isGap = elapsed < 0 || elapsed > Math.max(LEAST_GAP, LONG_GAP * this.interval);
    return isGap || last.width !== width || last.height !== height ? 'cut' : change;
  }
}
