/** Holds one value, the latest. For one reader at a time. */
export class LatestValue<T> {
  private kept: T | null = null;
  private waiting: ((value: T | null) => void) | null = null;
  private closed = false;
  private droppedCount = 0;

  /** Values that were replaced before they were taken. */
  get dropped(): number {
    return this.droppedCount;
  }

  put(value: T): void {
    if (this.closed) return;
    if (this.waiting !== null) {
      this.waiting(value);
      this.waiting = null;
      return;
    }
    this.discard();
    this.kept = value;
  }

  /** Drops the value held. */
  discard(): void {
    if (this.kept !== null) this.droppedCount++;
    this.kept = null;
  }

  /** The value held, else the next one put; null once closed and empty. */
  take(): Promise<T | null> {
    const value = this.kept;
    this.kept = null;
    if (value !== null || this.closed) return Promise.resolve(value);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  close(): void {
    this.closed = true;
    this.waiting?.(null);
    this.waiting = null;
  }
}
