const WINDOW = 4_000;

/** Events a second over the last four seconds, or since it was made where that is less. */
export class RateMeter {
  private times: number[] = [];
  private readonly start: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.start = now();
  }

  add(): void {
    this.times.push(this.now());
    this.forget();
  }

  perSecond(): number {
    this.forget();
    return (1000 * this.times.length) / Math.max(1000, Math.min(WINDOW, this.now() - this.start));
  }

  private forget(): void {
    const oldest = this.now() - WINDOW;
    const keep = this.times.findIndex((time) => time >= oldest);
    if (keep !== 0) this.times = keep < 0 ? [] : this.times.slice(keep);
  }
}
