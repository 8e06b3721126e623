/** Milliseconds over which the share is measured. */
const SPAN = 5_000;

/** The share of the last seconds spent working. Times are milliseconds of one monotonic clock. */
export class LoadMeter {
  private readonly begun: number;
  private since: number | null = null;
  private done: { readonly from: number; readonly to: number }[] = [];

  constructor(now: number) {
    this.begun = now;
  }

  start(now: number): void {
    this.since = now;
  }

  stop(now: number): void {
    if (this.since === null) return;
    this.done.push({ from: this.since, to: now });
    this.since = null;
    this.done = this.done.filter(({ to }) => to > now - SPAN);
  }

  /** 0..1 */
  share(now: number): number {
    const from = Math.max(this.begun, now - SPAN);
    if (now <= from) return 0;
    const current = this.since === null ? [] : [{ from: this.since, to: now }];
    const busy = [...this.done, ...current].reduce(
      (sum, work) => sum + Math.max(0, work.to - Math.max(work.from, from)),
      0,
    );
    return Math.min(1, busy / (now - from));
  }
}

/** Events per second over the last `seconds`. */
export class RateMeter {
  private readonly times: number[] = [];

  constructor(private readonly seconds: number) {}

  /** @param time seconds, never smaller than before */
  add(time: number): void {
    this.times.push(time);
    this.forget(time);
  }

  /** Zero after that long without an event. */
  at(time: number): number {
    this.forget(time);
    const first = this.times[0];
    if (first === undefined) return 0;
    // From the first event until now: right from the start, and falling when events stop.
    return this.times.length > 1 ? (this.times.length - 1) / Math.max(time - first, 0.25) : 1 / this.seconds;
  }

  private forget(time: number): void {
    while (this.times[0] !== undefined && time - this.times[0] > this.seconds) this.times.shift();
  }
}

/** Percentiles of the last `count` values. */
export class PercentileMeter {
  private readonly values: number[] = [];

  constructor(private readonly count: number) {}

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > this.count) this.values.shift();
  }

  /** The smallest value that at least `share` of all do not exceed (nearest rank); null without any. */
  percentile(share: number): number | null {
    const sorted = this.values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  }

  clear(): void {
    this.values.length = 0;
  }
}
