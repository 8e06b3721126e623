/** Pictures travel from ffmpeg on a clock of microseconds which starts 1000 s early: containers' times may be negative, NUT's not. */
const LEAD = 1_000;
const MICROSECONDS = 1_000_000;

/** ffmpeg filters that put frames on that clock. Goes after every filter that looks at presentation times. */
export const TO_TRANSPORT_CLOCK = `settb=1/${MICROSECONDS},setpts=PTS+${LEAD * MICROSECONDS}`;

/** Encoder time base that loses nothing of it. */
export const TRANSPORT_TIME_BASE = `1:${MICROSECONDS}`;

/**
 * Presentation time in seconds, exact to the microsecond.
 * @param ticks time on the transport clock
 */
export function presentationTime(ticks: number): number {
  return (ticks - LEAD * MICROSECONDS) / MICROSECONDS;
}

/**
 * Footage whose clock restarts (joined transport streams, the VOB files of a DVD, a camera that was reset): time continues by the frame
 * interval seen before. ffmpeg itself says nothing and its muxer would give all frames after the step the same time.
 */

/** A place where the container's presentation times jump. Seconds. */
export interface TimeStep {
  /** Presentation time of the last frame before it, as reported. */
  readonly at: number;
  /** Negative where time steps back, positive where it leaps ahead; null for a step back of unknown size. */
  readonly size: number | null;
}

/** Steps back by fewer frame intervals are jitter of a muxer, not a clock that restarts. */
const JITTER = 3;
/** Seconds; frame intervals longer than this allow no larger jitter. */
const LONGEST_JITTER = 0.5;
/** Frames per second, where the stream does not say. */
const FALLBACK_RATE = 25;
const MICROSECOND = 1e-6;
/** Seconds. ffmpeg's muxer gives a frame that is not later than the last one the next tick; no frames are that close. */
const COUNTED_ON = 1.5 * MICROSECOND;
/** ffmpeg's log level "error", which is printed and read here. */
const AV_LOG_ERROR = 16;

/**
 * The ffmpeg filter; goes before every filter that looks at presentation times. For each step back it prints two lines to the log: the time
 * reached and the size of the step, see `parseStepLine`.
 *
 * Registers: 0 the time added so far, 1 and 2 the last two frame intervals, 3 the present one, 4 the interval to continue by: the smaller of the
 * last two, so that a single leap ahead does not count.
 */
export const CONTINUOUS_TIME = `setpts='if(isnan(PREV_INPTS),0,${[
  'st(3,PTS-PREV_INPTS)',
  `st(4,if(gt(ld(2),0),min(ld(1),ld(2)),if(gt(ld(1),0),ld(1),1/(if(isnan(FRAME_RATE),${FALLBACK_RATE},FRAME_RATE)*TB))))`,
  `if(lt(ld(3),-${JITTER}*min(ld(4),${LONGEST_JITTER}/TB)),` +
    `print(PREV_OUTT,${AV_LOG_ERROR});print(ld(3)*TB,${AV_LOG_ERROR});st(0,ld(0)-ld(3)+ld(4)),` +
    'if(gt(ld(3),0),st(2,ld(1));st(1,ld(3))))',
].join(';')});PTS+ld(0)'`;

/** The number that `CONTINUOUS_TIME` printed, alone on its line; null for any other line of ffmpeg's log. */
export function parseStepLine(line: string): number | null {
  const number = /^(?:\[Eval @ 0x[0-9a-f]+\] )?(-?\d+\.\d{6})$/.exec(line)?.[1];
  return number === undefined ? null : Number(number);
}

/** Seconds, and multiples of the interval before: beyond both, the clock leapt. */
const SHORTEST_LEAP = 600;
const LEAP_FACTOR = 20;

/** Whether two neighbouring frames are so far apart that the clock must have leapt. Intervals in seconds. */
export function isLeap(interval: number, before: number): boolean {
  return interval > SHORTEST_LEAP && interval > LEAP_FACTOR * before;
}

/**
 * Makes the times of frames strictly increasing, whatever the container says: a time that is not later than the one before it is put half a
 * frame interval after that. Where that continues for several frames, a clock has restarted unseen by `CONTINUOUS_TIME` (ffmpeg renews its
 * filters for a new picture size, and its muxer then counts on by one microsecond a frame): time continues by whole intervals. Remembers leaps and such restarts.
 */
export class IncreasingTime {
  readonly steps: TimeStep[] = [];
  private last: number | null = null;
  /** Frames in a row that came with a time already passed. */
  private late = 0;
  /** Seconds added since the clock restarted. */
  private offset = 0;
  /** The last two frame intervals; the smaller one counts, so that a single leap does not. */
  private intervals: readonly [number, number] = [1 / FALLBACK_RATE, 1 / FALLBACK_RATE];

  /** @param filtersStay ffmpeg keeps its filters, and so sees restarts itself: frames with one time are only spread */
  constructor(private readonly filtersStay = false) {}

  /** @param time presentation time in seconds, exact to the microsecond */
  next(reported: number): number {
    const { last, intervals } = this;
    const time = this.offset === 0 ? reported : toMicroseconds(reported + this.offset);
    if (last === null) return (this.last = time);
    if (time <= last + COUNTED_ON) return (this.last = this.goOn(last, reported));
    this.late = 0;
    const interval = time - last;
    if (isLeap(interval, intervals[1])) this.steps.push({ at: last, size: interval });
    this.intervals = [intervals[1], interval];
    return (this.last = time);
  }

  private goOn(last: number, reported: number): number {
    const interval = Math.min(...this.intervals);
    const isRestart = ++this.late > JITTER && !this.filtersStay;
    if (isRestart && this.late === JITTER + 1) this.steps.push({ at: last, size: null });
    const time = toMicroseconds(last + Math.max(2 * MICROSECOND, isRestart ? interval : interval / 2));
    if (isRestart) this.offset = time - reported;
    return time;
  }
}

/** How many steps a note names; more are only counted. */
const STEPS_NAMED = 4;

/** "time steps back by 2.04 s at 3.44 s; leaps ahead by 10800 s at 5 s"; null without steps. */
export function describeSteps(steps: readonly TimeStep[]): string | null {
  if (steps.length === 0) return null;
  const named = [...steps]
    .sort((a, b) => a.at - b.at)
    .slice(0, STEPS_NAMED)
    .map(
      ({ at, size }) =>
        `${(size ?? -1) < 0 ? 'steps back' : 'leaps ahead'}${size === null ? '' : ` by ${seconds(Math.abs(size))}`} at ${seconds(at)}`,
    );
  const more = steps.length - named.length;
  return `time ${named.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function seconds(value: number): string {
  return `${Number(value.toFixed(3))} s`;
}

function toMicroseconds(value: number): number {
  return Math.round(value / MICROSECOND) / 1e6;
}
