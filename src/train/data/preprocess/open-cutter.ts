import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { FerError, throwIfAborted } from '../../../errors/fer-error.js';
import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import type { Backend, BackendName } from '../../../model/engines/backend.js';
import { loadForInference } from '../../../model/sessions/inference-engine.js';
import { siblingModule } from '../../../workers/worker-client.js';
import { WorkerPool } from '../../../workers/worker-pool.js';
import { unlessAborted } from '../../util/event-loop.js';
import type { Sample } from '../sample.js';
import { LocalFaceCutter } from './face-cutter.js';
import type { CutFaces, CutSettings, FaceCutter } from './face-cutter.js';

/** Settings of a worker thread. */
export interface CutterSetup {
  readonly backend: BackendName;
  readonly settings: CutSettings;
  /** Threads of each network, on onnxruntime. */
  readonly threads: number;
}

/** Methods of the worker thread. */
export interface CutterApi {
  cut(sample: Sample): Promise<CutFaces>;
}

/** Which engine cuts, and in how many threads. */
export interface CutterOptions {
  /** As for `openBackend`; by default the one that is open, else the best one. */
  readonly backend?: BackendName | 'auto' | undefined;
  /** Worker threads; 0 cuts in this one. Default: as many as there are cores where that is worth their start. */
  readonly workers?: number | undefined;
}

/** A cutter and the engine it runs on. */
export interface OpenedCutter {
  readonly cutter: FaceCutter;
  readonly engine: Backend;
}

/** Samples from which threads are worth their start, for each of them. */
const SAMPLES_PER_THREAD = 40;
const MOST_THREADS = 64;
/** Samples handed over for each thread: while one is cut, the next one waits. */
const AHEAD = 2;

/**
 * Opens a cutter for so many samples. Its folder for temporary files is made, and removed when it is closed.
 * @throws FerError CONFIG_INVALID, and as `loadForInference`
 */
export async function openCutter(
  settings: CutSettings,
  samples: number,
  { backend, workers }: CutterOptions = {},
): Promise<OpenedCutter> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0 && workers <= MOST_THREADS))
    throw new FerError('CONFIG_INVALID', `${workers} worker threads: give a whole number from 0 to ${MOST_THREADS}`);
  const cores = availableParallelism();
  await rm(settings.scratch, { recursive: true, force: true });
  await mkdir(settings.scratch, { recursive: true });
  const { backend: engine, loaded } = await loadForInference({ backend }, async (open, name) => {
    const count = workers ?? threadsFor(name, samples, cores);
    return count === 0
      ? new LocalFaceCutter(await loadFaceNets({ open }), settings)
      : ThreadedFaceCutter.start({ backend: name, settings, threads: Math.max(1, Math.floor(cores / count)) }, count);
  });
  const cutter: FaceCutter = {
    width: loaded.width,
    cut: (...asked) => loaded.cut(...asked),
    async close() {
      await loaded.close();
      await rm(settings.scratch, { recursive: true, force: true });
    },
  };
  return { cutter, engine };
}

/** TensorFlow's native engine uses all cores by itself. */
function threadsFor(engine: BackendName, samples: number, cores: number): number {
  const count = Math.min(cores, Math.floor(samples / SAMPLES_PER_THREAD));
  return engine.startsWith('tfjs-node') || count < 2 ? 0 : count;
}

const MODULE = siblingModule(import.meta.url, 'cutter-worker');

/** Cuts in worker threads. */
class ThreadedFaceCutter implements FaceCutter {
  private constructor(private readonly pool: WorkerPool<null, CutterApi>) {}

  static async start(setup: CutterSetup, workers: number): Promise<ThreadedFaceCutter> {
    const inTurn = setup.backend.startsWith('tfjs-node');
    return new ThreadedFaceCutter(
      await WorkerPool.open({ workers, module: MODULE, name: 'face cutter', setup, inTurn }),
    );
  }

  get width(): number {
    return AHEAD * this.pool.size;
  }

  async cut(sample: Sample, signal?: AbortSignal): Promise<CutFaces> {
    const cut = await unlessAborted(this.pool.call('cut', sample), signal);
    if (cut === null) throwIfAborted(signal, sample.id);
    return cut!;
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}
