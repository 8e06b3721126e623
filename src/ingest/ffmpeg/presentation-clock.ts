/**
 * ffmpeg's Matroska writer counts whole milliseconds from zero upwards. Presentation times of real containers have finer
 * units and may be negative, so the pictures travel on a clock that runs 1000 times slower and starts 1000 s earlier:
 * what the container calls a millisecond is a microsecond of presentation time.
 */
const SLOWDOWN = 1_000;
const LEAD = 1_000;
const MICROSECONDS = 1_000_000;

/** ffmpeg filters that put frames on that clock. Goes after every filter that looks at presentation times. */
export const TO_TRANSPORT_CLOCK = `settb=1/${MICROSECONDS},setpts=PTS*${SLOWDOWN}+${SLOWDOWN * LEAD * MICROSECONDS}`;

/** Encoder time base that loses nothing of it: the millisecond Matroska counts in. */
export const TRANSPORT_TIME_BASE = '1:1000';

/**
 * Presentation time in seconds, exact to the microsecond.
 * @param ticks time on the transport clock
 * @param tick nanoseconds per tick
 */
export function presentationTime(ticks: number, tick: number): number {
  const milliseconds = Math.round((ticks * tick) / 1_000_000);
  return (milliseconds - LEAD * MICROSECONDS) / MICROSECONDS;
}
