import { averageOf, averageOfBoth, runningAverage } from './running-average.js';
import type { RunningAverage } from './running-average.js';
import type { ClassifiedFace, ClassifiedFrame, FrameOf } from './observation.js';

export interface PosteriorSmootherOptions {
  /** Time constant; 0 disables. */
  readonly seconds: number;
  /** True: averages the past only and answers at once. False: averages the future too, and waits for it. */
  readonly causal: boolean;
  /** Seconds without an observation of a face after which its average starts again. */
  readonly maxGap: number;
}

/** Time constants a frame waits for later ones; beyond that they weigh less than 1 %. */
const REACH = 5;

/** Timestamps may repeat, so a bound in seconds alone is not enough. */
const MAX_WAITING_FRAMES = 512;

/** A frame with each face's average of past and present. */
type Waiting = FrameOf<ClassifiedFace & { readonly forward: RunningAverage }>;

/** Averages each face's posteriors over time, weighted by exp(-|dt| / seconds). Each frame leaves once, in order; memory is bounded. */
export class PosteriorSmoother {
  private waiting: Waiting[] = [];
  /** Running average of each tracklet seen recently. */
  private readonly past = new Map<number, RunningAverage>();

  constructor(private readonly options: PosteriorSmootherOptions) {}

  /** Takes the next frame and returns those that have become final, possibly none. */
  push(frame: ClassifiedFrame): readonly ClassifiedFrame[] {
    const { seconds, causal } = this.options;
    if (seconds === 0) return [frame];
    const averaged = this.averagePast(frame);
    if (causal) {
      return [
        { ...frame, faces: averaged.faces.map(({ face, forward }) => ({ face, posteriors: averageOf(forward) })) },
      ];
    }
    this.waiting.push(averaged);
    const now = frame.timestamp;
    const tooSoon = this.waiting.findIndex((held) => now - held.timestamp < REACH * seconds);
    return this.release(Math.max(tooSoon, this.waiting.length - MAX_WAITING_FRAMES));
  }

  /** The frames still waiting; call once, after the last frame. */
  flush(): readonly ClassifiedFrame[] {
    return this.release(this.waiting.length);
  }

  private averagePast(frame: ClassifiedFrame): Waiting {
    const { timestamp } = frame;
    const averaged = frame.faces.map(({ face, posteriors }) => {
      const forward = this.take(this.past.get(face.tracklet), posteriors, timestamp);
      this.past.set(face.tracklet, forward);
      return { face, posteriors, forward };
    });
    for (const [tracklet, running] of this.past) if (this.hasEnded(running, timestamp)) this.past.delete(tracklet);
    return { ...frame, faces: averaged };
  }

  /** Smooths the `count` oldest frames with all those after them, backwards from the newest. */
  private release(count: number): readonly ClassifiedFrame[] {
    if (count === 0) return [];
    const future = new Map<number, RunningAverage>();
    const smoothed = this.waiting.toReversed().map((frame) => ({
      ...frame,
      faces: frame.faces.map(({ face, posteriors, forward }) => {
        const backward = this.take(future.get(face.tracklet), posteriors, frame.timestamp);
        future.set(face.tracklet, backward);
        return { face, posteriors: averageOfBoth(posteriors, forward, backward) };
      }),
    }));
    this.waiting = this.waiting.slice(count);
    return smoothed.reverse().slice(0, count);
  }

  private take(before: RunningAverage | undefined, posteriors: Float32Array, timestamp: number): RunningAverage {
    const continues = before !== undefined && !this.hasEnded(before, timestamp);
    return runningAverage(continues ? before : null, posteriors, timestamp, this.options.seconds);
  }

  private hasEnded({ timestamp }: RunningAverage, now: number): boolean {
    return Math.abs(now - timestamp) > this.options.maxGap;
  }
}
