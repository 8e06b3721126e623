import { setTimeout as sleep } from 'node:timers/promises';
import { FerError } from '../../errors/index.js';
import type { Frame } from '../../ingest/index.js';
import type { FrameResult } from '../frame-result.js';
import type { EngineDescription } from './live-engine.js';
import type { LiveSettings } from './live-options.js';
import { PerceiverThread } from './perceiver-thread.js';

/** Milliseconds before a thread that died is replaced, for each time in a row that no picture came out in between; after the last it is given up. */
const RESTART_DELAYS = [0, 1_000, 5_000] as const;
/** Pictures in a row that a thread fails on before it is taken for broken: wasm does not recover from running out of memory. */
const MOST_FAILURES = 3;

export interface LastingPerceiverOptions {
  /** Gets one line for each thing that went wrong. */
  readonly warn: (line: string) => void;
  /** What the thread runs, if not perceiver-worker: tests have threads that die. */
  readonly module?: URL | undefined;
}

/** The live thread, replaced when it dies. What it remembered of its streams is gone then; they begin anew. */
export class LastingPerceiver {
  private thread: Promise<PerceiverThread>;
  private restarts = 0;
  private failures = 0;
  private readonly closing = new AbortController();

  private constructor(
    private readonly settings: LiveSettings,
    private readonly options: LastingPerceiverOptions,
    thread: PerceiverThread,
    readonly description: EngineDescription,
  ) {
    this.thread = Promise.resolve(thread);
  }

  /** @throws FerError as `PerceiverThread.start` does */
  static async open(settings: LiveSettings, options: LastingPerceiverOptions): Promise<LastingPerceiver> {
    let died: (why: FerError) => void = () => undefined;
    const thread = await PerceiverThread.start(
      settings,
      (why) => {
        died(why);
      },
      options.module,
    );
    const perceiver = new LastingPerceiver(settings, options, thread, thread.description);
    died = perceiver.died;
    return perceiver;
  }

  /** @throws FerError when this picture could not be worked on; INTERNAL once the thread has been given up */
  async perceive(stream: number, frame: Frame): Promise<FrameResult> {
    const thread = await this.thread;
    try {
      const result = await thread.perceive(stream, frame);
      this.restarts = 0;
      this.failures = 0;
      return result;
    } catch (error) {
      if (thread.isAlive) await this.countFailure(thread, stream, error);
      throw error;
    }
  }

  /** Resolves when there is a thread to work, or never will be again. */
  async settled(): Promise<void> {
    await this.thread.catch(() => undefined);
  }

  forget(stream: number): void {
    this.thread.then(
      (thread) => {
        thread.forget(stream);
      },
      () => undefined,
    );
  }

  /** @throws FerError INTERNAL once the thread has been given up */
  async tensors(): Promise<number> {
    return (await this.thread).tensors();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.thread.then(
      (thread) => thread.end(),
      () => undefined,
    );
  }

  private get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async countFailure(thread: PerceiverThread, stream: number, error: unknown): Promise<void> {
    this.options.warn(`a picture could not be worked on: ${FerError.from(error).message}`);
    // What it remembers of that stream may be half done.
    thread.forget(stream);
    this.failures += 1;
    if (this.failures < MOST_FAILURES) return;
    await thread.end();
    this.died(new FerError('INTERNAL', `the live engine's thread failed on ${MOST_FAILURES} pictures in a row`));
  }

  private readonly died = (why: FerError): void => {
    this.failures = 0;
    this.thread = this.restart(why);
    this.thread.catch((error: unknown) => {
      if (!this.isClosed) this.options.warn(FerError.from(error).message);
    });
  };

  private async restart(why: FerError): Promise<PerceiverThread> {
    let reason = why;
    for (
      let delay = RESTART_DELAYS[this.restarts];
      delay !== undefined && !this.isClosed;
      delay = RESTART_DELAYS[this.restarts]
    ) {
      this.restarts += 1;
      this.options.warn(`${reason.message}; another one is started`);
      try {
        await sleep(delay, undefined, { signal: this.closing.signal });
        return await PerceiverThread.start(this.settings, this.died, this.options.module);
      } catch (error) {
        reason = FerError.from(error);
      }
    }
    throw new FerError('INTERNAL', `${reason.message}; it is not started again: start fer live anew`);
  }
}
