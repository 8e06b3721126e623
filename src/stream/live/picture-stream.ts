/** The pictures of a session from its start, or from a reset to the next. */
export class PictureStream {
  private readonly clock = new CaptureClock();
  private pending = 0;
  private isEnded = false;

  /**
   * @param id unique per stream
   * @param onForgotten called once, when the stream has ended and all its pictures are done
   */
  constructor(
    readonly id: number,
    private readonly onForgotten: () => void,
  ) {}

  /** Counts a new picture. @returns its time in seconds since the first one */
  begin(captureTime: number): number {
    this.pending += 1;
    return this.clock.next(captureTime);
  }

  /** A picture is done or abandoned. */
  finish(): void {
    this.pending -= 1;
    this.forgetIfOver();
  }

  /** No more pictures will come. */
  end(): void {
    this.isEnded = true;
    this.forgetIfOver();
  }

  private forgetIfOver(): void {
    if (this.isEnded && this.pending === 0) this.onForgotten();
  }
}

/** Minimum seconds between two pictures: faces are tracked through time, so no two pictures share a time. */
const MIN_STEP = 0.001;

/** Maximum seconds between two pictures. A clock that leaps would otherwise make times so large that the minimum step is lost in rounding. */
const MAX_STEP = 86_400;

/**
 * Capture times as seconds since the first picture. When the sender's clock stops or steps back, time advances by the minimum step; a leap
 * of more than a day counts as a day.
 */
export class CaptureClock {
  private last: { readonly captureTime: number; readonly time: number } | null = null;

  /** @param given milliseconds by the sender's clock; what is no number counts as a clock that has stopped @returns seconds, strictly increasing */
  next(given: number): number {
    const captureTime = Number.isFinite(given) ? given : (this.last?.captureTime ?? 0);
    const time =
      this.last === null
        ? 0
        : this.last.time + Math.min(MAX_STEP, Math.max(MIN_STEP, (captureTime - this.last.captureTime) / 1000));
    this.last = { captureTime, time };
    return time;
  }
}
