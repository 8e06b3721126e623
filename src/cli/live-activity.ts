import type { LiveSource, LiveSourceStatus } from '../ingest/live/live-source.js';
import type { LiveEngine } from '../stream/live/live-engine.js';

/** Seconds over which the rate is measured. */
const RATE_OVER = 5;

/** Watches engine and source for the status line. */
export class LiveActivity {
  /** Use instead of the given engine. */
  readonly engine: LiveEngine;
  /** Use instead of the given source. */
  readonly source: LiveSource | null;
  /** Called with one line when the source starts, fails or ends. */
  onSource: (line: string) => void = () => undefined;

  private sessions = 0;
  private skipped = 0;
  /** performance.now() of the answers of the last seconds. */
  private readonly answers: number[] = [];

  constructor(engine: LiveEngine, source: LiveSource | null) {
    this.engine = this.watchEngine(engine);
    this.source = source === null ? null : this.watchSource(source);
  }

  /** "2 sessions  24.8 results/s  load 63%  120 frames skipped" */
  describe(): string {
    const { engine, source, sessions, skipped } = this;
    const parts = [
      `${sessions} session${sessions === 1 ? '' : 's'}`,
      `${this.rate().toFixed(1)} results/s`,
      `load ${Math.round(engine.load * 100)}%`,
    ];
    const dropped = skipped + (source?.dropped ?? 0);
    if (dropped > 0) parts.push(`${dropped} frames skipped`);
    if (source !== null) parts.push(`source ${source.status.state}`);
    return parts.join('  ');
  }

  private rate(): number {
    const from = performance.now() - RATE_OVER * 1000;
    while (this.answers.length > 0 && this.answers[0]! < from) this.answers.shift();
    return this.answers.length / RATE_OVER;
  }

  private watchEngine(engine: LiveEngine): LiveEngine {
    return {
      description: engine.description,
      maxPixels: engine.maxPixels,
      get load() {
        return engine.load;
      },
      tensors: () => engine.tensors(),
      close: () => engine.close(),
      openSession: (listener) => {
        this.sessions++;
        let open = true;
        const session = engine.openSession({
          onResult: (result) => {
            this.answers.push(performance.now());
            this.rate();
            listener.onResult(result);
          },
          onSkipped: (sequence, reason) => {
            this.skipped++;
            listener.onSkipped(sequence, reason);
          },
          onProblem: (sequence, problem) => {
            listener.onProblem(sequence, problem);
          },
        });
        return {
          submit: (picture) => {
            session.submit(picture);
          },
          reset: () => {
            session.reset();
          },
          close: () => {
            if (open) this.sessions--;
            open = false;
            session.close();
          },
        };
      },
    };
  }

  private watchSource(source: LiveSource): LiveSource {
    return {
      name: source.name,
      get status() {
        return source.status;
      },
      get dropped() {
        return source.dropped;
      },
      frames: (onStatus, signal) =>
        source.frames((status) => {
          this.onSource(`source ${describe(status)}`);
          onStatus?.(status);
        }, signal),
    };
  }
}

function describe(status: LiveSourceStatus): string {
  if (status.state === 'reconnecting')
    return `${status.state} in ${(status.retryIn / 1000).toFixed(1)} s: ${status.reason}`;
  return 'reason' in status ? `${status.state}: ${status.reason}` : status.state;
}
