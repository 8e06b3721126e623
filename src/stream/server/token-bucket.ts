/** Allows bursts of `burst` and `rate` per second in the long run. */
export class TokenBucket {
  private tokens: number;
  private since: number;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = burst;
    this.since = now();
  }

  /** @returns whether a token was left */
  take(): boolean {
    const time = this.now();
    this.tokens = Math.min(this.burst, this.tokens + ((time - this.since) / 1000) * this.rate);
    this.since = time;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
