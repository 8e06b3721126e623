import { setTimeout as delay } from 'node:timers/promises';
import type { LiveEngine } from '../live/live-engine.js';
import { roundTo } from '../results/rounding.js';
import { VERSION } from '../../version.js';
import type { SourceMessage } from '../protocol/messages.js';
import type { Sessions } from './sessions.js';

/** Milliseconds without an answer after which the engine counts as dead; a busy engine answers between two frames. */
const PATIENCE = 5_000;

/** Milliseconds for which an answer is reused, so that frequent requests do not keep the engine busy. */
const FRESH = 1_000;

/** Whether the engine answers, and how busy it is. */
export class EngineHealth {
  private asked = -Infinity;
  private answer: Promise<number | null> = Promise.resolve(null);

  constructor(private readonly engine: LiveEngine) {}

  /** Share of time spent working, 0..1, rounded. */
  load(): number {
    return roundTo(this.engine.load, 3);
  }

  /** @returns tensors held, or null when it does not answer. */
  tensors(): Promise<number | null> {
    if (performance.now() - this.asked > FRESH) {
      this.asked = performance.now();
      this.answer = this.ask();
    }
    return this.answer;
  }

  private async ask(): Promise<number | null> {
    const answered = new AbortController();
    try {
      return await Promise.race([this.engine.tensors(), delay(PATIENCE, null, { signal: answered.signal })]);
    } catch {
      return null;
    } finally {
      answered.abort();
    }
  }
}

/** The answer of /healthz. */
export interface Health {
  /** False while shutting down, and when the engine does not answer. */
  readonly ok: boolean;
  readonly closing: boolean;
  readonly version: string;
  readonly sessions: { readonly producers: number; readonly viewers: number };
  readonly engine: LiveEngine['description']['engine'] & { readonly alive: boolean; readonly load: number };
  readonly model: string;
  readonly source: Pick<SourceMessage, 'name' | 'state' | 'detail'> | null;
}

export interface HealthSources {
  readonly engine: LiveEngine;
  readonly engineHealth: EngineHealth;
  readonly closing: boolean;
  readonly source: SourceMessage | null;
  readonly sessions: Sessions;
}

export async function healthReport({
  engine,
  engineHealth,
  closing,
  source,
  sessions,
}: HealthSources): Promise<Health> {
  const alive = (await engineHealth.tensors()) !== null;
  return {
    ok: alive && !closing,
    closing,
    version: VERSION,
    sessions: { producers: sessions.count('producer'), viewers: sessions.count('viewer') },
    engine: { ...engine.description.engine, alive, load: engineHealth.load() },
    model: engine.description.model.name,
    source: source === null ? null : { name: source.name, state: source.state, detail: source.detail },
  };
}
