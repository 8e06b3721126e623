import { FerError } from '../../errors/fer-error.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import type { BackendName } from '../../model/engines/backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { WorkerClient } from '../../workers/worker-client.js';

/** Encodes the faces of a frame. */
export interface FaceEncoder {
  /** Frames that are encoded at a time. */
  readonly width: number;
  /**
   * @param crops of the model's geometry
   * @returns features of each face [D]
   */
  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]>;
}

/** Encodes in this thread; all faces of a frame in one call. */
export function localEncoder(model: Pick<ExpressionModel, 'encode'>): FaceEncoder {
  return {
    width: 1,
    encode: async (crops) => (crops.length === 0 ? [] : model.encode(crops)),
  };
}

/** Crops after which threads are started: they take most of a second to start, and save a few milliseconds each. */
const CROPS_BEFORE_THREADS = 50;

/** Encodes in this thread, and in others as soon as there has been enough work to be worth their start. The features are the same. */
export class GrowingEncoder implements FaceEncoder {
  private crops = 0;
  private pool: EncoderPool | null = null;
  private failure: unknown = null;
  private isClosed = false;

  /** @param width threads that `grow` starts */
  constructor(
    readonly width: number,
    private readonly local: Pick<FaceEncoder, 'encode'>,
    private readonly grow: () => Promise<EncoderPool>,
  ) {}

  /** @throws FerError also when the threads could not be started */
  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    if (this.failure !== null) throw FerError.from(this.failure);
    if (this.pool !== null) return this.pool.encode(crops);
    const before = this.crops;
    this.crops += crops.length;
    if (before < CROPS_BEFORE_THREADS && this.crops >= CROPS_BEFORE_THREADS) void this.start();
    return this.local.encode(crops);
  }

  dispose(): void {
    this.isClosed = true;
    this.pool?.dispose();
  }

  private async start(): Promise<void> {
    try {
      this.pool = await this.grow();
      if (this.isClosed) this.pool.dispose();
    } catch (error) {
      this.failure = error;
    }
  }
}

/** Settings of a worker thread. */
export interface EncoderSetup {
  readonly backend: BackendName;
  /** Name or folder, as for `openModel`. */
  readonly model: string;
  readonly flipTta: boolean | null;
  /** Threads of each network, on onnxruntime. */
  readonly threads: number;
}

/** Methods of the worker thread. */
export interface EncoderApi {
  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]>;
}

type Client = WorkerClient<string, EncoderApi>;

const MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './encoder-worker.ts' : './encoder-worker.js',
  import.meta.url,
);

interface PoolOptions {
  readonly workers: number;
  /** Module that the threads run. Default: encoder-worker. Tests use threads that die. */
  readonly module?: URL;
}

/**
 * Encodes frames in worker threads, each with its own engine and model. A thread that dies is replaced, and its frame encoded once more.
 */
export class EncoderPool implements FaceEncoder {
  private readonly idle: Client[];
  private readonly waiting: ((client: Client) => void)[] = [];
  private readonly clients: Set<Client>;
  private isClosed = false;

  private constructor(
    private readonly setup: EncoderSetup,
    private readonly options: PoolOptions,
    clients: readonly Client[],
  ) {
    this.idle = [...clients];
    this.clients = new Set(clients);
  }

  /** @throws FerError as `openModel` and `openBackend` do */
  static async open(setup: EncoderSetup, options: PoolOptions): Promise<EncoderPool> {
    const starting = Array.from({ length: options.workers }, () => start(setup, options.module));
    const settled = await Promise.allSettled(starting);
    const clients = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(clients.map((client) => client.end()));
      throw FerError.from(failed.reason);
    }
    return new EncoderPool(setup, options, clients);
  }

  get width(): number {
    return this.options.workers;
  }

  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    try {
      try {
        return await this.ask(crops);
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error;
        return await this.ask(crops);
      }
    } catch (error) {
      throw error instanceof WorkerDied ? error.reason : error;
    }
  }

  /** Ends the threads. */
  dispose(): void {
    this.isClosed = true;
    for (const client of this.clients) void client.end();
  }

  private async ask(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const client = await this.take();
    try {
      return await client.call('encode', crops);
    } catch (error) {
      if (client.isAlive || this.isClosed) throw error;
      throw new WorkerDied(FerError.from(error));
    } finally {
      await this.giveBack(client);
    }
  }

  private take(): Promise<Client> {
    const client = this.idle.pop();
    return client === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(client);
  }

  /** A dead thread's place is taken by a new one. */
  private async giveBack(client: Client): Promise<void> {
    let next = client;
    if (!client.isAlive && !this.isClosed) {
      // Where no new one starts, the next frame meets the dead one and says so.
      next = await start(this.setup, this.options.module).catch(() => client);
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

function start(setup: EncoderSetup, module: URL = MODULE): Promise<Client> {
  return WorkerClient.start<string, EncoderApi>({
    module,
    name: 'face encoder',
    setup,
    failure: (reason) => new FerError('INTERNAL', `a worker thread failed: ${reason}`),
  });
}
