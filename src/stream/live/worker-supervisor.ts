import { setTimeout as sleep } from 'node:timers/promises';
import { FerError } from '../../errors/fer-error.js';
import type { Frame } from '../../ingest/frame.js';
import { WorkerClient, ownBuffer, siblingModule } from '../../workers/worker-client.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { AnalyzerApi } from './face-analyzer.js';
import type { EngineDescription, LiveSettings } from './live-engine.js';

type AnalyzerClient = WorkerClient<EngineDescription, AnalyzerApi>;

/** Milliseconds before each restart in a row without a result in between; after the last one the supervisor gives up. */
const RESTART_DELAYS = [0, 1_000, 5_000] as const;
/** Failed frames in a row after which the thread counts as broken: wasm does not recover from running out of memory. */
const MAX_FAILURES = 3;

/** About what five frames leave behind. */
const YOUNG_MEGABYTES = 12;

const ANALYZER_WORKER = siblingModule(import.meta.url, 'analyzer-worker');

export interface SupervisorOptions {
  /** Gets one line for each failure. */
  readonly warn: (line: string) => void;
  /** Module that the thread runs. Default: analyzer-worker. Tests use threads that die. */
  readonly module?: URL | undefined;
}

/** Keeps a live worker thread running: one that dies is replaced. Its streams start again, as their state is lost with it. */
export class WorkerSupervisor {
  readonly description: EngineDescription;
  private client: Promise<AnalyzerClient>;
  private restarts = 0;
  private failures = 0;
  private readonly closing = new AbortController();

  private constructor(
    private readonly settings: LiveSettings,
    private readonly options: SupervisorOptions,
    client: AnalyzerClient,
  ) {
    this.description = client.ready;
    this.client = Promise.resolve(client);
  }

  /** @throws FerError as `FaceAnalyzer.open` does, or INTERNAL */
  static async open(settings: LiveSettings, options: SupervisorOptions): Promise<WorkerSupervisor> {
    let died: (error: FerError) => void = () => undefined;
    const client = await startAnalyzer(settings, options.module, (error) => {
      died(error);
    });
    const supervisor = new WorkerSupervisor(settings, options, client);
    died = supervisor.replace;
    return supervisor;
  }

  /** @throws FerError when this frame failed; INTERNAL after the supervisor has given up */
  async analyze(stream: number, frame: Frame): Promise<FrameResult> {
    const client = await this.client;
    try {
      const result = await client.call('analyze', { stream, frame }, ownBuffer(frame.data));
      this.restarts = 0;
      this.failures = 0;
      return result;
    } catch (error) {
      if (client.isAlive) await this.countFailure(client, stream, error);
      throw error;
    }
  }

  /** Resolves when a thread is running, or when none ever will again. */
  async settled(): Promise<void> {
    await this.client.catch(() => undefined);
  }

  forget(stream: number): void {
    this.client.then(
      (client) => {
        client.post('forget', stream);
      },
      () => undefined,
    );
  }

  /** @throws FerError INTERNAL after the supervisor has given up */
  async tensors(): Promise<number> {
    return (await this.client).call('tensors', undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.client.then(
      (client) => client.end(),
      () => undefined,
    );
  }

  private get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async countFailure(client: AnalyzerClient, stream: number, error: unknown): Promise<void> {
    this.options.warn(`a frame failed: ${FerError.from(error).message}`);
    // The state of that stream may be half updated.
    client.post('forget', stream);
    this.failures += 1;
    if (this.failures < MAX_FAILURES) return;
    await client.end();
    this.replace(new FerError('INTERNAL', `the live engine's thread failed on ${MAX_FAILURES} frames in a row`));
  }

  private readonly replace = (error: FerError): void => {
    this.failures = 0;
    this.client = this.restart(error);
    this.client.catch((failure: unknown) => {
      if (!this.isClosed) this.options.warn(FerError.from(failure).message);
    });
  };

  private async restart(error: FerError): Promise<AnalyzerClient> {
    let reason = error;
    for (
      let delay = RESTART_DELAYS[this.restarts];
      delay !== undefined && !this.isClosed;
      delay = RESTART_DELAYS[this.restarts]
    ) {
      this.restarts += 1;
      this.options.warn(`${reason.message}; starting another one`);
      try {
        await sleep(delay, undefined, { signal: this.closing.signal });
        return await startAnalyzer(this.settings, this.options.module, this.replace);
      } catch (failure) {
        reason = FerError.from(failure);
      }
    }
    throw new FerError('INTERNAL', `${reason.message}; giving up: restart fer live`);
  }
}

function startAnalyzer(
  setup: LiveSettings,
  module: URL = ANALYZER_WORKER,
  onDeath: (error: FerError) => void,
): Promise<AnalyzerClient> {
  return WorkerClient.start<EngineDescription, AnalyzerApi>({
    module,
    name: 'live engine',
    setup,
    youngMegabytes: YOUNG_MEGABYTES,
    failure: (reason) => new FerError('INTERNAL', `the live engine's thread failed: ${reason}`),
    onDeath,
  });
}
