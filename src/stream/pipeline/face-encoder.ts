import { FerError } from '../../errors/fer-error.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import { opensInTurn } from '../../model/engines/backend.js';
import type { BackendName } from '../../model/engines/backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { siblingModule } from '../../workers/worker-client.js';
import { WorkerPool } from '../../workers/worker-pool.js';

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

/** Where `GrowingEncoder` encodes. */
type Place = 'here' | 'threads';

/**
 * Encodes in this thread, and in others as soon as there has been enough work to be worth their start. The features are the same. Cores that
 * are busy, or only half of one, may make threads slower: both are tried in turn, then the faster one stays.
 */
export class GrowingEncoder implements FaceEncoder {
  private crops = 0;
  private pool: EncoderPool | null = null;
  private failure: unknown = null;
  private isClosed = false;
  /** Settles when nothing is under way in threads. */
  private inThreads: Promise<void> = Promise.resolve();

  /**
   * @param width threads that `grow` starts
   * @param trial decides whether threads stay, and encoding goes on here where they fail; null: threads were asked for, and failures of theirs are thrown
   */
  constructor(
    readonly width: number,
    private readonly local: Pick<FaceEncoder, 'encode'>,
    private readonly grow: () => Promise<EncoderPool>,
    private readonly trial: PlaceTrial | null,
  ) {}

  /** @throws FerError as `local` does; without a trial also when threads cannot be started or fail */
  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    if (this.failure !== null) throw FerError.from(this.failure);
    const before = this.crops;
    this.crops += crops.length;
    if (before < CROPS_BEFORE_THREADS && this.crops >= CROPS_BEFORE_THREADS) void this.start();
    if (this.pool === null) return this.local.encode(crops);
    const place = this.trial?.place(crops.length, performance.now()) ?? 'threads';
    if (place === 'here') {
      if (this.trial?.isOver === true) void this.endThreads(this.pool);
      return this.local.encode(crops);
    }
    return this.encodeInThreads(this.pool, crops);
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
      if (this.trial === null) this.failure = error;
    }
  }

  private async encodeInThreads(pool: EncoderPool, crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const encoding = pool.encode(crops);
    // Without the results, which would keep all features of a run in memory.
    this.inThreads = Promise.allSettled([this.inThreads, encoding]).then(() => undefined);
    try {
      return await encoding;
    } catch (error) {
      if (this.trial === null || this.isClosed) throw error;
      if (this.pool === pool) void this.endThreads(pool);
      return this.local.encode(crops);
    }
  }

  private async endThreads(pool: EncoderPool): Promise<void> {
    this.pool = null;
    await this.inThreads;
    pool.dispose();
  }
}

/** Frames with faces in a round, and the first ones of it, in which the place is still changing. */
const ROUND = 40;
const CHANGING = 8;
const ROUNDS = 6;
/** Milliseconds between two frames that count: what lies between two inputs, such as an overlay that is encoded, says nothing. */
const LONGEST_WAIT = 1_000;
/** Threads stay when they are so many times as fast. */
const WORTHWHILE = 1.05;

/** Says where to encode: in threads and here by turns, then wherever crops came faster. They come as fast as everything that happens to a frame allows. */
export class PlaceTrial {
  private readonly spent: Record<Place, number> = { here: 0, threads: 0 };
  private round = 0;
  private frames = 0;
  private crops = 0;
  private passed = 0;
  private last = 0;
  private winner: Place | null = null;

  get isOver(): boolean {
    return this.winner !== null;
  }

  /**
   * @param crops in the next frame
   * @param time milliseconds
   */
  place(crops: number, time: number): Place {
    if (this.winner !== null) return this.winner;
    this.passed += Math.min(time - this.last, LONGEST_WAIT);
    this.last = time;
    if (this.frames === ROUND) {
      this.spent[this.current] += this.passed / this.crops;
      this.round += 1;
      this.frames = 0;
    }
    if (this.round === ROUNDS) {
      this.winner = this.spent.here > WORTHWHILE * this.spent.threads ? 'threads' : 'here';
      return this.winner;
    }
    if (this.frames === CHANGING) {
      this.passed = 0;
      this.crops = 0;
    }
    this.frames += 1;
    this.crops += crops;
    return this.current;
  }

  private get current(): Place {
    return this.round % 2 === 0 ? 'threads' : 'here';
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

const MODULE = siblingModule(import.meta.url, 'encoder-worker');

/** Encodes frames in worker threads, each with its own engine and model. */
export class EncoderPool implements FaceEncoder {
  private constructor(private readonly pool: WorkerPool<string, EncoderApi>) {}

  /**
   * @param module of the threads; tests use threads that die
   * @throws FerError as `openModel` and `openBackend` do
   */
  static async open(setup: EncoderSetup, workers: number, module: URL = MODULE): Promise<EncoderPool> {
    const inTurn = opensInTurn(setup.backend);
    return new EncoderPool(await WorkerPool.open({ workers, module, name: 'face encoder', setup, inTurn }));
  }

  get width(): number {
    return this.pool.size;
  }

  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    return crops.length === 0 ? [] : this.pool.call('encode', crops);
  }

  /** Ends the threads. */
  dispose(): void {
    void this.pool.close();
  }
}
