import { VERSION } from '../../version.js';
import type { LiveEngine } from '../live/live-engine.js';
import type { SourceMessage } from '../protocol/index.js';
import type { EngineWatch } from './engine-watch.js';
import type { Sessions } from './sessions.js';

/** What /healthz says. */
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

export interface Examined {
  readonly engine: LiveEngine;
  readonly watch: EngineWatch;
  readonly closing: boolean;
  readonly source: SourceMessage | null;
  readonly sessions: Sessions;
}

export async function examine({ engine, watch, closing, source, sessions }: Examined): Promise<Health> {
  const alive = (await watch.tensors()) !== null;
  return {
    ok: alive && !closing,
    closing,
    version: VERSION,
    sessions: { producers: sessions.count('producer'), viewers: sessions.count('viewer') },
    engine: { ...engine.description.engine, alive, load: watch.load() },
    model: engine.description.model.name,
    source: source === null ? null : { name: source.name, state: source.state, detail: source.detail },
  };
}
