import type { Worker } from 'node:worker_threads';
import { FerError } from '../../errors/index.js';
import type { Frame } from '../../ingest/index.js';
import { startThread } from '../../model/backend/start-thread.js';
import type { FrameResult } from '../frame-result.js';
import type { EngineDescription } from './live-engine.js';
import type { LiveSettings } from './live-options.js';
import type { PerceiverAnswer, PerceiverRequest } from './thread-messages.js';

interface Waiting {
  resolve(answer: PerceiverAnswer): void;
  reject(error: FerError): void;
}

const PERCEIVER_WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './perceiver-worker.ts' : './perceiver-worker.js',
  import.meta.url,
);

/** The live thread as the main one sees it. It answers, or it has failed: whatever ends it rejects what was asked of it, and all that is asked after. */
export class PerceiverThread {
  private readonly waiting: Waiting[] = [];
  private failure: FerError | null = null;
  private isEnding = false;
  private told: EngineDescription | null = null;

  private constructor(
    private readonly worker: Worker,
    private readonly onDeath: (why: FerError) => void,
  ) {
    worker.on('message', (answer: PerceiverAnswer) => {
      this.waiting.shift()?.resolve(answer);
    });
    worker.on('messageerror', (error) => {
      this.fail(error.message);
    });
    worker.on('error', (error: unknown) => {
      this.fail(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      this.fail(`it ended by itself with code ${code}`);
    });
  }

  /**
   * Starts one and waits until its engine and networks are loaded.
   * @param onDeath called once, should it end without `end` after it had started
   * @throws FerError as `Perceiver.open` does, or INTERNAL
   */
  static async start(
    settings: LiveSettings,
    onDeath: (why: FerError) => void,
    module = PERCEIVER_WORKER,
  ): Promise<PerceiverThread> {
    let isStarted = false;
    const thread = new PerceiverThread(startThread(module, { workerData: settings, name: 'live engine' }), (why) => {
      if (isStarted) onDeath(why);
    });
    try {
      const answer = await thread.answer();
      if (answer.kind !== 'ready') throw unexpected(answer);
      thread.told = answer.description;
      isStarted = true;
      return thread;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  get description(): EngineDescription {
    return this.told!;
  }

  get isAlive(): boolean {
    return this.failure === null;
  }

  /** @throws FerError INTERNAL when the thread has died, or what the thread threw over this picture */
  async perceive(stream: number, frame: Frame): Promise<FrameResult> {
    const answer = await this.ask({ kind: 'picture', stream, frame }, ownMemory(frame.data));
    if (answer.kind !== 'result') throw unexpected(answer);
    return answer.result;
  }

  forget(stream: number): void {
    if (this.failure === null) this.worker.postMessage({ kind: 'forget', stream } satisfies PerceiverRequest);
  }

  async tensors(): Promise<number> {
    const answer = await this.ask({ kind: 'tensors' });
    if (answer.kind !== 'tensors') throw unexpected(answer);
    return answer.count;
  }

  /** Ends it wherever it is. */
  async end(): Promise<void> {
    this.isEnding = true;
    this.fail('it was stopped');
    await this.worker.terminate();
  }

  private ask(request: PerceiverRequest, transferred: ArrayBuffer[] = []): Promise<PerceiverAnswer> {
    // Sent first: who waits for the answer to what could not be sent would get the next one's.
    if (this.failure === null) this.worker.postMessage(request, transferred);
    return this.answer();
  }

  private answer(): Promise<PerceiverAnswer> {
    return new Promise((resolve, reject) => {
      if (this.failure === null) this.waiting.push({ resolve, reject });
      else reject(this.failure);
    });
  }

  private fail(why: string): void {
    if (this.failure !== null) return;
    this.failure = new FerError('INTERNAL', `the live engine's thread failed: ${why.split('\n')[0]!}`);
    for (const waiting of this.waiting.splice(0)) waiting.reject(this.failure);
    if (!this.isEnding) this.onDeath(this.failure);
  }
}

function unexpected(answer: PerceiverAnswer): FerError {
  return answer.kind === 'failed'
    ? new FerError(answer.code, answer.message)
    : new FerError('INTERNAL', `the live engine's thread answered "${answer.kind}" to something else`);
}

/** Memory to hand over instead of copying: only what the picture has to itself. */
function ownMemory({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
