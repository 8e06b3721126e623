/** Seconds between two pictures at the least: faces are followed through time, so no two pictures share a moment. */
const LEAST_STEP = 0.001;

/** No two pictures of one scene are further apart. A clock that leaps would else make times so large that the least step is lost in rounding. */
const LONGEST_STEP = 86_400;

/**
 * Times of capture as seconds since the first picture. Senders' clocks may stand still or be set back: then the least step is taken, and time
 * goes on from there. They may leap ahead, too: more than a day counts as a day.
 */
export class CaptureClock {
  private last: { readonly captureTime: number; readonly time: number } | null = null;

  /** @param captureTime milliseconds by the sender's clock @returns seconds; every call gives more than the one before */
  next(captureTime: number): number {
    const time =
      this.last === null
        ? 0
        : this.last.time + Math.min(LONGEST_STEP, Math.max(LEAST_STEP, (captureTime - this.last.captureTime) / 1000));
    this.last = { captureTime, time };
    return time;
  }
}
