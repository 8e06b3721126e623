/** Milliseconds from capture to screen within which all but one in twenty pictures shall be. */
const SOON = 113;

/** How much the gap grows, in milliseconds, with every picture that comes later; it shrinks by a nineteenth of that with every other. */
const STEP = 3;

/** However slow the machine, pictures are taken this often (milliseconds): fewer would not make them younger. */
const LONGEST_GAP = 50;

/**
 * How long to wait between pictures. Where browser and server share a machine that is too slow for every picture, more pictures make each of them
 * late; the gap comes to rest where 95 % of them are soon enough.
 */
export class Pace {
  private gap = 0;
  private takenAt = -Infinity;

  /** @param latency milliseconds from capture to screen */
  shown(latency: number): void {
    this.gap = latency > SOON ? Math.min(LONGEST_GAP, this.gap + STEP) : Math.max(0, this.gap - STEP / 19);
  }

  /** @param now milliseconds, by a clock that does not go back @returns whether a picture is to be taken now; the next gap begins then */
  take(now: number): boolean {
    if (now - this.takenAt < this.gap) return false;
    this.takenAt = now;
    return true;
  }
}
