import type { Frame } from '../../../src/ingest/frame.js';
import type { LiveSource, LiveSourceStatus } from '../../../src/ingest/live/live-source.js';

export interface Arrival {
  readonly frame: Frame;
  /** performance.now() when it was pulled. */
  readonly at: number;
}

/** Reads a source in the background and keeps what it said. */
export class Follower {
  readonly arrivals: Arrival[] = [];
  readonly states: LiveSourceStatus[] = [];
  readonly ended: Promise<void>;
  private readonly leaving = new AbortController();

  /** @param onFrame work that the source has to wait for */
  constructor(source: LiveSource, onFrame: (frame: Frame) => Promise<void> = () => Promise.resolve()) {
    this.ended = (async () => {
      for await (const frame of source.frames((status) => this.states.push(status), this.leaving.signal)) {
        this.arrivals.push({ frame, at: performance.now() });
        await onFrame(frame);
      }
    })();
  }

  get last(): Frame | undefined {
    return this.arrivals.at(-1)?.frame;
  }

  reasons(): string[] {
    return this.states.flatMap((status) => ('reason' in status ? [status.reason] : []));
  }

  /** How often it was connected. */
  connections(): number {
    return this.states.filter(({ state }) => state === 'running').length;
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.ended;
  }
}
