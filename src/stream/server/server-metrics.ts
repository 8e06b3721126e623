import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { RateMeter } from '../live/meters.js';
import type { Role, StatsMessage } from '../protocol/messages.js';
import type { EngineHealth } from './engine-health.js';
import type { Sessions } from './sessions.js';

/** Every frame is received, then answered, skipped or refused, unless the connection ends first. */
type FrameEvent = 'received' | 'answered' | 'skipped' | 'refused';

export type FrameCounts = Record<FrameEvent, number>;

/** Seconds over which the rate in `stats` is measured. */
const RATE_SECONDS = 4;

/** Counts frames, and calls `report` for each. */
export class FrameCounter {
  private readonly total: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };
  private readonly answers = new RateMeter(RATE_SECONDS);

  constructor(private readonly report: (event: FrameEvent, times: number) => void) {}

  add(event: FrameEvent, times = 1): void {
    this.total[event] += times;
    if (event === 'answered') this.answers.add(performance.now() / 1000);
    this.report(event, times);
  }

  counts(): FrameCounts {
    return { ...this.total };
  }

  /** The frame figures of a `stats` message. @param since counts to subtract */
  stats(since: FrameCounts = NONE): Omit<StatsMessage, 'type' | 'dropped' | 'load'> {
    return {
      received: this.total.received - since.received,
      answered: this.total.answered - since.answered,
      skipped: this.total.skipped - since.skipped,
      refused: this.total.refused - since.refused,
      framesPerSecond: Math.round(this.answers.at(performance.now() / 1000) * 100) / 100,
    };
  }
}

const NONE: FrameCounts = { received: 0, answered: 0, skipped: 0, refused: 0 };

/** Metrics of the process (memory, CPU, event loop), shared by all its servers: their observers cannot be removed. */
let processMetrics: Registry | undefined;

function processRegistry(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

const FRAME_HELP: Readonly<Record<FrameEvent, string>> = {
  received: 'Frames received from producers or from the source',
  answered: 'Frames with a result',
  skipped: 'Frames skipped for a newer one',
  refused: 'Frames answered with an error',
};

interface Measured {
  readonly engineHealth: EngineHealth;
  readonly sessions: Sessions;
}

/** Metrics of one server, for Prometheus. */
export class ServerMetrics {
  private readonly registry = new Registry();
  private readonly frames: Readonly<Record<FrameEvent, Counter<'role'>>>;
  private readonly latency: Histogram<'role'>;
  private readonly droppedMessages: Counter;

  constructor({ engineHealth, sessions }: Measured) {
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
      help: 'Seconds from the arrival of a frame to its result',
      labelNames: ['role'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5],
      registers,
    });
    this.droppedMessages = new Counter({
      name: 'ferstream_viewer_messages_dropped_total',
      help: 'Messages dropped for viewers that read too slowly',
      registers,
    });
    new Gauge({
      name: 'ferstream_sessions',
      help: 'Open connections',
      labelNames: ['role'],
      registers,
      collect() {
        for (const role of ['producer', 'viewer'] as const) this.set({ role }, sessions.count(role));
      },
    });
    new Gauge({
      name: 'ferstream_backlog_bytes',
      help: 'Bytes waiting to be read by clients',
      registers,
      collect() {
        this.set(sessions.backlog);
      },
    });
    new Gauge({
      name: 'ferstream_engine_load',
      help: "Share of the engine's time spent working, 0 to 1",
      registers,
      collect() {
        this.set(engineHealth.load());
      },
    });
    new Gauge({
      name: 'ferstream_engine_tensors',
      help: 'Tensors held by the engine; NaN when it does not answer',
      registers,
      async collect() {
        this.set((await engineHealth.tensors()) ?? NaN);
      },
    });
  }

  /** A counter whose frames are counted here too. */
  frameCounter(role: Role): FrameCounter {
    return new FrameCounter((event, times) => {
      this.frames[event].inc({ role }, times);
    });
  }

  observeLatency(role: Role, seconds: number): void {
    this.latency.observe({ role }, seconds);
  }

  messagesDropped(count: number): void {
    this.droppedMessages.inc(count);
  }

  /** In Prometheus text format. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${await processRegistry().metrics()}`;
  }

  get contentType(): string {
    return this.registry.contentType;
  }
}
