import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Role } from '../protocol/index.js';
import type { EngineWatch } from './engine-watch.js';
import { FrameTally } from './frame-tally.js';
import type { FrameEvent } from './frame-tally.js';
import type { Sessions } from './sessions.js';

/** Memory, CPU and event loop are the process's, however many servers it has; their observers cannot be taken down again. */
let processMetrics: Registry | undefined;

function processRegistry(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

const FRAME_HELP: Readonly<Record<FrameEvent, string>> = {
  received: 'Frames that came in, from producers or from the source',
  answered: 'Frames with a result',
  skipped: 'Frames passed over for a newer one',
  refused: 'Frames answered with an error',
};

export interface Measured {
  readonly watch: EngineWatch;
  readonly sessions: Sessions;
}

/** What one server counts, for Prometheus. */
export class ServerMetrics {
  private readonly registry = new Registry();
  private readonly frames: Readonly<Record<FrameEvent, Counter<'role'>>>;
  private readonly latency: Histogram<'role'>;
  private readonly droppedMessages: Counter;

  constructor({ watch, sessions }: Measured) {
    const registers = [this.registry];
    const frameCounter = (event: FrameEvent): Counter<'role'> =>
      new Counter({
        name: `ferstream_frames_${event}_total`,
        help: FRAME_HELP[event],
        labelNames: ['role'],
        registers,
      });
    this.frames = {
      received: frameCounter('received'),
      answered: frameCounter('answered'),
      skipped: frameCounter('skipped'),
      refused: frameCounter('refused'),
    };
    this.latency = new Histogram({
      name: 'ferstream_frame_seconds',
      help: 'Seconds between the arrival of a frame and its result',
      labelNames: ['role'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5],
      registers,
    });
    this.droppedMessages = new Counter({
      name: 'ferstream_viewer_messages_dropped_total',
      help: 'Messages left out for viewers that read too slowly',
      registers,
    });
    new Gauge({
      name: 'ferstream_sessions',
      help: 'Connections that were let in',
      labelNames: ['role'],
      registers,
      collect() {
        for (const role of ['producer', 'viewer'] as const) this.set({ role }, sessions.count(role));
      },
    });
    new Gauge({
      name: 'ferstream_backlog_bytes',
      help: 'Bytes that wait for clients to read them',
      registers,
      collect() {
        this.set(sessions.backlog);
      },
    });
    new Gauge({
      name: 'ferstream_engine_load',
      help: "Share of the engine's time that is taken, 0 to 1",
      registers,
      collect() {
        this.set(watch.load());
      },
    });
    new Gauge({
      name: 'ferstream_engine_tensors',
      help: 'Tensors the engine holds; NaN when it does not answer',
      registers,
      async collect() {
        this.set((await watch.tensors()) ?? NaN);
      },
    });
  }

  /** A tally whose frames are counted here too. */
  tally(role: Role): FrameTally {
    return new FrameTally((event, times) => {
      this.frames[event].inc({ role }, times);
    });
  }

  observeLatency(role: Role, seconds: number): void {
    this.latency.observe({ role }, seconds);
  }

  messagesDropped(count: number): void {
    this.droppedMessages.inc(count);
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${await processRegistry().metrics()}`;
  }

  get contentType(): string {
    return this.registry.contentType;
  }
}
