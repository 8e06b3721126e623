/** One picture. Neither method rejects; they send the answer. */
export interface Job {
  /**
   * Decodes it. Called again, it returns the same promise. A prepared picture may still be skipped.
   * @returns false when the picture is refused
   */
  prepare(): Promise<boolean>;
  work(): Promise<void>;
}

/**
 * Decides which picture comes next: one at a time, sessions take turns, and each session has at most its newest picture waiting. While one
 * picture is analyzed, the next one is prepared. A newer picture of its session still replaces it and is prepared when its turn comes: preparing
 * every picture of a flood would take processor time from the analysis.
 */
export class Scheduler<S, J extends Job> {
  /** The newest picture of each waiting session, in the order of their turns. */
  private readonly waiting = new Map<S, J>();
  private isRunning = false;
  /** A picture is being analyzed and no other one has been prepared meanwhile. */
  private mayPrepare = false;

  /** @returns the waiting job of the same session that this one replaces, if any */
  submit(session: S, job: J): J | null {
    const older = this.waiting.get(session) ?? null;
    this.waiting.set(session, job);
    this.prepareNext();
    if (!this.isRunning) void this.run();
    return older;
  }

  /** @returns the session's waiting job, if any; a job at work continues */
  remove(session: S): J | null {
    const job = this.waiting.get(session) ?? null;
    this.waiting.delete(session);
    return job;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let job = this.take(); job !== null; job = this.take()) {
      // From here on no newer picture replaces it: pictures that arrive faster than they can be prepared would starve each other.
      if (!(await job.prepare())) continue;
      const working = job.work();
      this.mayPrepare = true;
      this.prepareNext();
      await working;
      this.mayPrepare = false;
    }
    this.isRunning = false;
  }

  private take(): J | null {
    const next = this.waiting.entries().next();
    if (next.done === true) return null;
    const [session, job] = next.value;
    this.waiting.delete(session);
    return job;
  }

  private prepareNext(): void {
    const next = this.waiting.values().next();
    if (!this.mayPrepare || next.done === true) return;
    this.mayPrepare = false;
    void next.value.prepare();
  }
}
