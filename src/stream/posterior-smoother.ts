import { averageOf, averageOfBoth, runningAverage } from './running-average.js';
import type { RunningAverage } from './running-average.js';
import type { ClassifiedFace, ClassifiedFrame } from './classified-frame.js';

export interface PosteriorSmootherOptions {
  /** Time constant in seconds; 0 lets everything through as it is. */
  readonly seconds: number;
  /** True: averages the past alone, and answers at once. False: the future too, and waits for it. */
  readonly causal: boolean;
  /** Seconds without a sighting of a face after which its next one begins anew. */
  readonly maxGap: number;
}

/** Time constants a frame waits for those after it; what comes later weighs less than 1 %. */
const REACH = 5;

/** Frames may carry any timestamps, even equal ones. */
const MAX_WAITING_FRAMES = 512;

/** A frame, with the average of past and present for each of its faces. */
interface Waiting {
  readonly frame: ClassifiedFrame['frame'];
  readonly faces: readonly (ClassifiedFace & { readonly forward: RunningAverage })[];
}

/** Averages each face's posteriors over time, weighted by exp(-|dt| / seconds). Frames leave in order, every one once; how many it holds is bounded. */
export class PosteriorSmoother {
  private waiting: Waiting[] = [];
  /** The running average of each tracklet that was seen lately. */
  private readonly past = new Map<number, RunningAverage>();

  constructor(private readonly options: PosteriorSmootherOptions) {}

  /** Takes the next frame and returns those that have become final, possibly none. */
  push(frame: ClassifiedFrame): readonly ClassifiedFrame[] {
    const { seconds, causal } = this.options;
    if (seconds === 0) return [frame];
    const averaged = this.averagePast(frame);
    if (causal)
      return [
        {
          frame: frame.frame,
          faces: averaged.faces.map(({ face, forward }) => ({ face, posteriors: averageOf(forward) })),
        },
      ];
    this.waiting.push(averaged);
    const now = frame.frame.timestamp;
    const tooSoon = this.waiting.findIndex((held) => now - held.frame.timestamp < REACH * seconds);
    return this.release(Math.max(tooSoon, this.waiting.length - MAX_WAITING_FRAMES));
  }

  /** The frames still waiting; call once, after the last frame. */
  flush(): readonly ClassifiedFrame[] {
    return this.release(this.waiting.length);
  }

  private averagePast({ frame, faces }: ClassifiedFrame): Waiting {
    const { timestamp } = frame;
    const averaged = faces.map(({ face, posteriors }) => {
      const forward = this.take(this.past.get(face.tracklet), posteriors, timestamp);
      this.past.set(face.tracklet, forward);
      return { face, posteriors, forward };
    });
    for (const [tracklet, running] of this.past) if (this.isOver(running, timestamp)) this.past.delete(tracklet);
    return { frame, faces: averaged };
  }

  /** Smooths the `count` oldest frames with all those after them, backwards from the newest. */
  private release(count: number): readonly ClassifiedFrame[] {
    if (count === 0) return [];
    const future = new Map<number, RunningAverage>();
    const smoothed = this.waiting.toReversed().map(({ frame, faces }) => ({
      frame,
      faces: faces.map(({ face, posteriors, forward }) => {
        const backward = this.take(future.get(face.tracklet), posteriors, frame.timestamp);
        future.set(face.tracklet, backward);
        return { face, posteriors: averageOfBoth(posteriors, forward, backward) };
      }),
    }));
    this.waiting = this.waiting.slice(count);
    return smoothed.reverse().slice(0, count);
  }

  private take(before: RunningAverage | undefined, posteriors: Float32Array, timestamp: number): RunningAverage {
    const goesOn = before !== undefined && !this.isOver(before, timestamp);
    return runningAverage(goesOn ? before : null, posteriors, timestamp, this.options.seconds);
  }

  private isOver({ timestamp }: RunningAverage, now: number): boolean {
    return Math.abs(now - timestamp) > this.options.maxGap;
  }
}
