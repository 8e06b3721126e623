import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { FerError, throwIfAborted, unlessAborted } from '../../../errors/fer-error.js';
import { makeOutputFolder } from '../../../files/write-error.js';
import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import { opensInTurn } from '../../../model/engines/backend.js';
import type { Backend, BackendName } from '../../../model/engines/backend.js';
import { loadForInference } from '../../../model/sessions/inference-engine.js';
import type { LoadedOnEngine } from '../../../model/sessions/inference-engine.js';
import { siblingModule } from '../../../workers/worker-client.js';
import { WorkerPool, availableMemory } from '../../../workers/worker-pool.js';

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
  /** Worker threads; 0 cuts in this one. Default: one for each core, at most 8, where that is worth their start. */
  readonly workers?: number | undefined;
}

/** A cutter and the engine it runs on. */
export interface OpenedCutter {
  readonly cutter: FaceCutter;
  readonly engine: Backend;
}

/** Samples from which threads are worth their start, for each of them. */
const SAMPLES_PER_THREAD = 40;
/** Bytes of a thread with its engine and networks. */
const BYTES_PER_THREAD = 500e6;
/** By default, and at all. */
const USUAL_THREADS = 8;
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
  options: CutterOptions = {},
): Promise<OpenedCutter> {
  const removeScratch = (): Promise<void> => rm(settings.scratch, { recursive: true, force: true });
  await removeScratch();
  try {
    const { backend: engine, loaded } = await load(settings, samples, options);
    const cutter: FaceCutter = {
      width: loaded.width,
      cut: (...asked) => loaded.cut(...asked),
      async close() {
        await loaded.close();
        await removeScratch();
      },
    };
    return { cutter, engine };
  } catch (error) {
    await removeScratch();
    throw error;
  }
}

async function load(
  settings: CutSettings,
  samples: number,
  { backend, workers }: CutterOptions,
): Promise<LoadedOnEngine<FaceCutter>> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0 && workers <= MOST_THREADS))
    throw new FerError('CONFIG_INVALID', `${workers} worker threads: give a whole number from 0 to ${MOST_THREADS}`);
  const cores = availableParallelism();
  await makeOutputFolder(settings.scratch);
  return loadForInference<FaceCutter>({ backend }, async (open, name) => {
    const count = workers ?? threadsFor(name, samples, cores);
    return count === 0
      ? new LocalFaceCutter(await loadFaceNets({ open }), settings)
      : ThreadedFaceCutter.start({ backend: name, settings, threads: Math.max(1, Math.floor(cores / count)) }, count);
  });
}

/** Other engines use all cores by themselves, or a GPU. */
function threadsFor(engine: BackendName, samples: number, cores: number): number {
  if (engine !== 'wasm' && engine !== 'onnxruntime') return 0;
  const room = Math.floor(availableMemory() / BYTES_PER_THREAD);
  const count = Math.min(cores, USUAL_THREADS, room, Math.floor(samples / SAMPLES_PER_THREAD));
  return count < 2 ? 0 : count;
}

const MODULE = siblingModule(import.meta.url, 'cutter-worker');

/** Cuts in worker threads. */
class ThreadedFaceCutter implements FaceCutter {
  private constructor(private readonly pool: WorkerPool<null, CutterApi>) {}

  static async start(setup: CutterSetup, workers: number): Promise<ThreadedFaceCutter> {
    const inTurn = opensInTurn(setup.backend);
    return new ThreadedFaceCutter(
      await WorkerPool.open({ workers, module: MODULE, name: 'face cutter', setup, inTurn }),
    );
  }

  get width(): number {
    return AHEAD * this.pool.size;
  }

  async cut(sample: Sample, signal?: AbortSignal, onFrame: () => void = () => undefined): Promise<CutFaces> {
    const cut = await unlessAborted(this.pool.call('cut', sample), signal);
    if (cut === null) throwIfAborted(signal, sample.id);
    cut!.frames.forEach(onFrame);
    return cut!;
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}
