/** The frames that are under way: at most `limit` are without an answer at any time. */
export class Credits {
  /** Sequence number of a frame, and when it was sent; oldest first. */
  private readonly unanswered = new Map<number, number>();

  constructor(private limit: number) {}

  get free(): number {
    return Math.max(0, this.limit - this.unanswered.size);
  }

  /** When the frame that has waited longest was sent; null when none waits. */
  get oldest(): number | null {
    return this.unanswered.values().next().value ?? null;
  }

  /** What the server allows may be less than what the caller wants. */
  setLimit(limit: number): void {
    this.limit = limit;
  }

  /** @returns false, and nothing is taken, when there is no credit */
  take(sequence: number, time: number): boolean {
    if (this.free === 0 || this.unanswered.has(sequence)) return false;
    this.unanswered.set(sequence, time);
    return true;
  }

  /** @returns false for an answer to something that is not under way */
  giveBack(sequence: number): boolean {
    return this.unanswered.delete(sequence);
  }

  /** @returns the sequence numbers that will never be answered, as the connection is gone */
  forget(): readonly number[] {
    const lost = [...this.unanswered.keys()];
    this.unanswered.clear();
    return lost;
  }
}
