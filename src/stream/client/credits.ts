/** Credit-based flow control: at most `limit` frames are unanswered at any time. */
export class Credits {
  /** Sequence number to time of sending, oldest first. */
  private readonly unanswered = new Map<number, number>();

  constructor(private limit: number) {}

  get free(): number {
    return Math.max(0, this.limit - this.unanswered.size);
  }

  /** When the oldest unanswered frame was sent; null if there is none. */
  get oldest(): number | null {
    return this.unanswered.values().next().value ?? null;
  }

  /** The server may allow fewer than the caller wants. */
  setLimit(limit: number): void {
    this.limit = limit;
  }

  /** @returns false when there is no credit */
  take(sequence: number, time: number): boolean {
    if (this.free === 0 || this.unanswered.has(sequence)) return false;
    this.unanswered.set(sequence, time);
    return true;
  }

  /** @returns false for an answer to an unknown frame */
  release(sequence: number): boolean {
    return this.unanswered.delete(sequence);
  }

  /** The connection is lost. @returns the sequence numbers that will never be answered */
  releaseAll(): readonly number[] {
    const lost = [...this.unanswered.keys()];
    this.unanswered.clear();
    return lost;
  }
}
