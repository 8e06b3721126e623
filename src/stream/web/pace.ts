/** Target: 95 % of pictures take at most this many milliseconds from capture to screen. */
const SOON = 113;

/** Milliseconds by which the gap grows with every later picture; it shrinks by a nineteenth of that with every other. */
const STEP = 3;

/** Longest gap in milliseconds: longer ones would not reduce the latency further. */
const LONGEST_GAP = 50;

/**
 * Controls the gap between pictures. Where browser and server share a slow machine, more pictures delay each other; the gap settles where 95 % of
 * them meet the target.
 */
export class Pace {
  private gap = 0;
  private takenAt = -Infinity;

  /** @param latency milliseconds from capture to screen */
  shown(latency: number): void {
    this.gap = latency > SOON ? Math.min(LONGEST_GAP, this.gap + STEP) : Math.max(0, this.gap - STEP / 19);
  }

  /** @param now milliseconds, by a monotonic clock @returns whether to take a picture now; if so, the next gap starts */
  take(now: number): boolean {
    if (now - this.takenAt < this.gap) return false;
    this.takenAt = now;
    return true;
  }
}
