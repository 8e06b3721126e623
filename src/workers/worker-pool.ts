import { freemem } from 'node:os';
import { FerError } from '../errors/fer-error.js';
import type { Argument, MethodName, Result, WorkerApi } from './serve-worker.js';
import { WorkerClient } from './worker-client.js';

/** Bytes that more workers may take: what the machine has free, or what the container's limit leaves; the smaller one. */
export function availableMemory(): number {
  return Math.min(freemem(), process.availableMemory());
}

export interface WorkerPoolOptions {
  readonly workers: number;
  /** A module that calls `serveWorker`. */
  readonly module: URL;
  /** Shown by debuggers. */
  readonly name: string;
  /** Given to the module's `open` in every thread. */
  readonly setup: unknown;
  /** Start one thread after the other. */
  readonly inTurn?: boolean;
}

/**
 * Worker threads that all do the same work, each one request at a time; requests get a thread in the order of the calls. A thread that dies is replaced, and
 * its request repeated once.
 */
export class WorkerPool<Ready, Api extends WorkerApi<Api>> {
  private readonly idle: WorkerClient<Ready, Api>[];
  private readonly waiting: ((client: WorkerClient<Ready, Api>) => void)[] = [];
  private readonly clients: Set<WorkerClient<Ready, Api>>;
  private isClosed = false;

  private constructor(
    private readonly options: WorkerPoolOptions,
    clients: readonly WorkerClient<Ready, Api>[],
  ) {
    this.idle = [...clients];
    this.clients = new Set(clients);
  }

  /** @throws FerError what the module's `open` throws; INTERNAL when a thread ends before it is ready */
  static async open<Ready, Api extends WorkerApi<Api>>(options: WorkerPoolOptions): Promise<WorkerPool<Ready, Api>> {
    const starting: Promise<WorkerClient<Ready, Api>>[] = [];
    for (let i = 0; i < options.workers; i += 1) {
      starting.push(start(options));
      if (options.inTurn === true) await Promise.allSettled(starting);
    }
    const settled = await Promise.allSettled(starting);
    const clients = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed === undefined) return new WorkerPool(options, clients);
    await Promise.all(clients.map((client) => client.end()));
    throw FerError.from(failed.reason);
  }

  get size(): number {
    return this.options.workers;
  }

  /** @throws FerError what the worker throws; INTERNAL when threads die twice of the request, or the pool is closed */
  async call<Method extends MethodName<Api>>(
    method: Method,
    argument: Argument<Api, Method>,
  ): Promise<Result<Api, Method>> {
    try {
      return await this.ask(method, argument);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
    }
    try {
      return await this.ask(method, argument);
    } catch (error) {
      throw error instanceof WorkerDied ? error.reason : error;
    }
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.clients].map((client) => client.end()));
  }

  private async ask<Method extends MethodName<Api>>(
    method: Method,
    argument: Argument<Api, Method>,
  ): Promise<Result<Api, Method>> {
    const client = await this.take();
    try {
      return await client.call(method, argument);
    } catch (error) {
      if (client.isAlive || this.isClosed) throw error;
      throw new WorkerDied(FerError.from(error));
    } finally {
      await this.giveBack(client);
    }
  }

  private take(): Promise<WorkerClient<Ready, Api>> {
    const client = this.idle.pop();
    return client === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(client);
  }

  /** Also while something was awaited. */
  private wasClosed(): boolean {
    return this.isClosed;
  }

  /** A dead thread's place is taken by a new one. */
  private async giveBack(client: WorkerClient<Ready, Api>): Promise<void> {
    let next = client;
    if (!client.isAlive && !this.isClosed) {
      // Where no new one starts, the next request meets the dead one and says so.
      next = await start<Ready, Api>(this.options).catch(() => client);
      if (this.wasClosed()) await next.end();
      this.clients.delete(client);
      this.clients.add(next);
    }
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.idle.push(next);
    else waiting(next);
  }
}

class WorkerDied extends Error {
  constructor(readonly reason: FerError) {
    super(reason.message);
  }
}

function start<Ready, Api extends WorkerApi<Api>>({
  module,
  name,
  setup,
}: WorkerPoolOptions): Promise<WorkerClient<Ready, Api>> {
  return WorkerClient.start<Ready, Api>({
    module,
    name,
    setup,
    failure: (reason) => new FerError('INTERNAL', `a worker thread failed: ${reason}`),
  });
}
