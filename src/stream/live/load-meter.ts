/** Milliseconds that the share is taken over. */
const SPAN = 5_000;

/** Which share of the last seconds was spent at work. Times are milliseconds of one clock that does not go back. */
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
