import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { FerError } from '../errors/fer-error.js';
import { READY } from './serve-worker.js';
import type { Argument, MethodName, Result, WorkerAnswer, WorkerApi, WorkerRequest } from './serve-worker.js';

export interface WorkerClientOptions {
  /** A module that calls `serveWorker`. */
  readonly module: URL;
  /** Shown by debuggers. */
  readonly name: string;
  /** Given to the module's `open`. */
  readonly setup: unknown;
  /**
   * Megabytes of young objects; V8's own choice by default. Choose few for a thread that goes through many pictures: memory of theirs is freed with the
   * young objects, and where these are rarely collected V8 marks the whole heap several times a second.
   */
  readonly youngMegabytes?: number;
  /** Makes the error that every request gets once the thread has ended. @param reason one line */
  readonly failure: (reason: string) => FerError;
  /** Called once if the thread ends unexpectedly after it was ready. */
  readonly onDeath?: (error: FerError) => void;
  /** Ends the thread when aborted while it starts. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: FerError): void;
}

/**
 * A worker thread as its owner sees it: typed requests, each with one answer. When the thread ends for any reason, all open requests and
 * all later ones are rejected; this is what general RPC libraries leave out.
 */
export class WorkerClient<Ready, Api extends WorkerApi<Api>> {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = READY;
  private failure: FerError | null = null;
  private onDeath: ((error: FerError) => void) | undefined;
  private answered: Ready | undefined;

  private constructor(
    private readonly worker: Worker,
    private readonly fail: (reason: string) => FerError,
  ) {
    worker.on('message', (answer: WorkerAnswer) => {
      const waiting = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if ('value' in answer) waiting?.resolve(answer.value);
      else waiting?.reject(new FerError(answer.code, answer.message));
    });
    worker.on('messageerror', (error) => {
      this.die(error.message);
    });
    worker.on('error', (error: unknown) => {
      this.die(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      this.die(`it ended with code ${code}`);
    });
  }

  /**
   * Starts a thread and waits until it is ready.
   * @throws FerError what the module's `open` threw, or `failure` when the thread ended before
   */
  static async start<Ready, Api extends WorkerApi<Api>>({
    module,
    name,
    setup,
    youngMegabytes,
    failure,
    onDeath,
    signal,
  }: WorkerClientOptions): Promise<WorkerClient<Ready, Api>> {
    const client = new WorkerClient<Ready, Api>(
      startThread(module, {
        workerData: setup,
        name,
        ...(youngMegabytes === undefined ? {} : { resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes } }),
      }),
      failure,
    );
    const stop = (): void => {
      client.die('it was interrupted while it started');
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      client.answered = (await client.answer(READY)) as Ready;
      client.onDeath = onDeath;
      return client;
    } catch (error) {
      await client.end();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** The worker's ready message. */
  get ready(): Ready {
    return this.answered!;
  }

  get isAlive(): boolean {
    return this.failure === null;
  }

  /**
   * Sends a request. Memory in `transfer` is moved to the worker and gone here.
   * @throws FerError what the worker threw, or `failure` when it has ended
   */
  async call<Method extends MethodName<Api>>(
    method: Method,
    argument: Argument<Api, Method>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Result<Api, Method>> {
    if (this.failure !== null) throw this.failure;
    this.lastId += 1;
    const id = this.lastId;
    this.worker.postMessage({ id, method, argument } satisfies WorkerRequest, [...transfer]);
    return (await this.answer(id)) as Result<Api, Method>;
  }

  /** Sends a request that has no answer. An error in it ends the thread. */
  post<Method extends MethodName<Api>>(method: Method, argument: Argument<Api, Method>): void {
    if (this.failure === null) this.worker.postMessage({ id: null, method, argument } satisfies WorkerRequest);
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.onDeath = undefined;
    this.die('it was stopped');
    await this.worker.terminate();
  }

  private answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
    });
  }

  private die(reason: string): void {
    if (this.failure !== null) return;
    this.failure = this.fail(reason.split('\n')[0]!.replace(/\.$/, ''));
    for (const waiting of this.waiting.values()) waiting.reject(this.failure);
    this.waiting.clear();
    this.onDeath?.(this.failure);
  }
}

/** The module of that name beside this one: compiled, or the TypeScript source where sources run. @param url `import.meta.url` */
export function siblingModule(url: string, name: string): URL {
  return new URL(`./${name}${url.endsWith('.ts') ? '.ts' : '.js'}`, url);
}

/** The buffer of a view that has it to itself, for `transfer`; memory that is shared with other views is copied instead. */
export function ownBuffer({ buffer, byteLength }: ArrayBufferView): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

/**
 * A thread that runs a module of ours: compiled, or, where that is what this process runs itself (tests, development), its TypeScript source,
 * for which the thread needs its own loader: those of the process do not reach it on Node 20.
 */
function startThread(module: URL, options: Pick<WorkerOptions, 'workerData' | 'name' | 'resourceLimits'>): Worker {
  // Flags of this process, such as a loader, are not the thread's.
  const settings: WorkerOptions = { ...options, execArgv: [] };
  if (!module.pathname.endsWith('.ts')) return new Worker(module, settings);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return new Worker(
    `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); })`,
    { ...settings, eval: true },
  );
}
