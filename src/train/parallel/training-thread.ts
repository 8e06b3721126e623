import type { Worker } from 'node:worker_threads';
import { FerError } from '../../errors/fer-error.js';
import type { Shard, ShardResult } from '../trainer/shard.js';
import type { ShardRequest, ThreadAnswer, ThreadSetup } from './messages.js';
import { startThread } from '../../model/backend/start-thread.js';

interface Waiting {
  resolve(answer: ThreadAnswer): void;
  reject(error: FerError): void;
}

/**
 * One thread, as the main one sees it. It answers, or it has failed: whatever ends it rejects what was asked of it, and all that is asked after.
 */
export class TrainingThread {
  private waiting: Waiting | null = null;
  private failure: FerError | null = null;

  private constructor(
    private readonly worker: Worker,
    private readonly name: string,
  ) {
    worker.on('message', (answer: ThreadAnswer) => {
      if (answer.kind === 'failed') this.fail(answer.message);
      else this.take()?.resolve(answer);
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
   * Starts one and waits until it is ready.
   * @throws FerError WORKER_FAILED
   */
  static async start(name: string, setup: ThreadSetup, module: URL): Promise<TrainingThread> {
    const thread = new TrainingThread(startThread(module, { workerData: setup, name }), name);
    try {
      await thread.answer();
      return thread;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  /**
   * One shard at a time. The shard's pictures go over to the thread and are gone here.
   * @throws FerError WORKER_FAILED
   */
  async compute(request: ShardRequest): Promise<ShardResult> {
    const answer = this.answer();
    try {
      if (this.failure === null) this.worker.postMessage(request, transferable(request.shard));
    } catch (error) {
      this.fail((error as Error).message);
    }
    const got = await answer;
    if (got.kind !== 'result') throw new FerError('INTERNAL', `${this.name} answered "${got.kind}" to a shard`);
    return got.result;
  }

  /** Ends it wherever it is. */
  async end(): Promise<void> {
    this.fail('it was stopped');
    await this.worker.terminate();
  }

  private answer(): Promise<ThreadAnswer> {
    return new Promise((resolve, reject) => {
      if (this.failure === null) this.waiting = { resolve, reject };
      else reject(this.failure);
    });
  }

  private take(): Waiting | null {
    const { waiting } = this;
    this.waiting = null;
    return waiting;
  }

  private fail(why: string): void {
    const reason = why.split('\n')[0]!.replace(/\.$/, '');
    this.failure ??= new FerError(
      'WORKER_FAILED',
      `training ${this.name} failed: ${reason}; go on from the last epoch with --resume, and with fewer --workers or smaller batches if memory ran out`,
    );
    this.take()?.reject(this.failure);
  }
}

/** Memory to hand over instead of copying: only what the shard has to itself. */
function transferable({ first, second }: Shard): ArrayBuffer[] {
  return [first, second].flatMap((values) =>
    values !== null && values.byteLength === values.buffer.byteLength && values.buffer instanceof ArrayBuffer
      ? [values.buffer]
      : [],
  );
}
