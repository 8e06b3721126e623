/** One picture on its way. Neither method rejects; whoever waits for the picture is answered in them. */
export interface Job {
  /**
   * Makes it ready to be worked on (decodes it); called again, it gives the same promise. It may turn out that it was called in vain.
   * @returns false when the picture is refused
   */
  prepare(): Promise<boolean>;
  work(): Promise<void>;
}

/**
 * Which picture comes next: one is worked on at a time, sessions take turns, and of one session only its newest picture waits. While one
 * picture is worked on, the one whose turn is next is made ready; it still yields to a newer one of its session, which is then made ready when
 * its turn comes: making each of a flood ready would take the processor from the work.
 */
export class Scheduler<S, J extends Job> {
  /** The newest picture of each session that has one, in the order of their turns: a newer picture takes the place of the older one. */
  private readonly waiting = new Map<S, J>();
  private isRunning = false;
  /** Something is worked on, and no other picture has been made ready meanwhile. */
  private mayPrepare = false;

  /** @returns the job of the same session that yields to this one, if one was waiting */
  submit(session: S, job: J): J | null {
    const older = this.waiting.get(session) ?? null;
    this.waiting.set(session, job);
    this.prepareNext();
    if (!this.isRunning) void this.run();
    return older;
  }

  /** @returns the session's job that was waiting, if any; the one that is being worked on goes on */
  remove(session: S): J | null {
    const job = this.waiting.get(session) ?? null;
    this.waiting.delete(session);
    return job;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let job = this.take(); job !== null; job = this.take()) {
      // From here on it yields to nobody: pictures that came faster than they can be made ready would keep each other from their turn.
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
