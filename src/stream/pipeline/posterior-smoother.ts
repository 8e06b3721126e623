import type { ClassifiedFace, ClassifiedFrame, FrameOf } from './frame-result.js';

/** A weighted sum of posteriors seen one after the other, and the sum of its weights. */
export interface RunningAverage {
  /** [C] */
  readonly sum: Float32Array;
  readonly weight: number;
  /** Seconds, of the latest. */
  readonly timestamp: number;
}

/**
 * Takes in the next posteriors; all before them fade by exp(-dt / tau). Only times count, so the frame rate may vary. Going backwards in time works the same.
 * @param posteriors [C]
 * @param timestamp seconds
 * @param tau seconds, above 0
 */
export function runningAverage(
  before: RunningAverage | null,
  posteriors: Float32Array,
  timestamp: number,
  tau: number,
): RunningAverage {
  if (before === null) return { sum: posteriors, weight: 1, timestamp };
  const fade = Math.exp(-Math.abs(timestamp - before.timestamp) / tau);
  return { sum: posteriors.map((p, k) => p + fade * before.sum[k]!), weight: 1 + fade * before.weight, timestamp };
}

/** Average of the past and the present. [C], summing to 1 */
export function averageOf({ sum, weight }: RunningAverage): Float32Array {
  return sum.map((p) => p / weight);
}

/**
 * Average of past, present and future, weighted by exp(-|dt| / tau): no delay in either direction.
 * @param own the present, which both running averages end with. [C]
 * @returns [C], summing to 1
 */
export function averageOfBoth(own: Float32Array, forward: RunningAverage, backward: RunningAverage): Float32Array {
  const weight = forward.weight + backward.weight - 1;
  return own.map((p, k) => (forward.sum[k]! + backward.sum[k]! - p) / weight);
}

export interface PosteriorSmootherOptions {
  /** Time constant; 0 disables. */
  readonly seconds: number;
  /** True: averages the past only and answers at once. False: averages the future too, and waits for it. */
  readonly causal: boolean;
  /** Seconds without an observation of a face after which its average starts again. */
  readonly maxGap: number;
}

/** Time constants a frame waits for later ones; beyond that they weigh less than 1 %. */
export const SMOOTHING_REACH = 5;

/** Timestamps may repeat, so a bound in seconds alone is not enough: frames that wait in any case, and per second of waiting. */
const WAITING_FRAMES = 512;
const WAITING_RATE = 120;

/** A frame with each face's average of past and present. */
type Waiting = FrameOf<ClassifiedFace & { readonly forward: RunningAverage }>;

/** Averages each face's posteriors over time, weighted by exp(-|dt| / seconds). Each frame leaves once, in order; memory is bounded. */
export class PosteriorSmoother {
  private waiting: Waiting[] = [];
  /** Running average of each tracklet seen recently. */
  private readonly past = new Map<number, RunningAverage>();
  private readonly mostWaiting: number;

  constructor(private readonly options: PosteriorSmootherOptions) {
    this.mostWaiting = Math.max(WAITING_FRAMES, Math.ceil(WAITING_RATE * SMOOTHING_REACH * options.seconds));
  }

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
    const tooSoon = this.waiting.findIndex((held) => now - held.timestamp < SMOOTHING_REACH * seconds);
    return this.release(Math.max(tooSoon, this.waiting.length - this.mostWaiting));
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
    const takeBackwards = (tracklet: number, posteriors: Float32Array, timestamp: number): RunningAverage => {
      const backward = this.take(future.get(tracklet), posteriors, timestamp);
      future.set(tracklet, backward);
      return backward;
    };
    for (const { timestamp, faces } of this.waiting.slice(count).reverse())
      for (const { face, posteriors } of faces) takeBackwards(face.tracklet, posteriors, timestamp);
    const smoothed = this.waiting
      .slice(0, count)
      .reverse()
      .map((frame) => ({
        ...frame,
        faces: frame.faces.map(({ face, posteriors, forward }) => {
          const backward = takeBackwards(face.tracklet, posteriors, frame.timestamp);
          return { face, posteriors: averageOfBoth(posteriors, forward, backward) };
        }),
      }));
    this.waiting = this.waiting.slice(count);
    return smoothed.reverse();
  }

  private take(before: RunningAverage | undefined, posteriors: Float32Array, timestamp: number): RunningAverage {
    const continues = before !== undefined && !this.hasEnded(before, timestamp);
    return runningAverage(continues ? before : null, posteriors, timestamp, this.options.seconds);
  }

  private hasEnded({ timestamp }: RunningAverage, now: number): boolean {
    return Math.abs(now - timestamp) > this.options.maxGap;
  }
}
