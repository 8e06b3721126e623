/** Events a second over the last `seconds`. */
export class RateMeter {
  private readonly times: number[] = [];

  constructor(private readonly seconds: number) {}

  /** @param time seconds, never smaller than before */
  add(time: number): void {
    this.times.push(time);
    this.forget(time);
  }

  /** Zero when nothing came for so long. */
  at(time: number): number {
    this.forget(time);
    const first = this.times[0];
    if (first === undefined) return 0;
    // From the first event on until now: right from the start, and falling when events stop.
    return this.times.length > 1 ? (this.times.length - 1) / Math.max(time - first, 0.001) : 1 / this.seconds;
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
