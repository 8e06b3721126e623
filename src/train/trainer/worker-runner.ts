import type { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { currentBackend } from '../../model/engines/open-backend.js';
import type { EpochProgress } from '../losses/epoch-progress.js';
import type { BackendName } from '../../model/engines/backend.js';
import { ModelWeights, allocateSharedWeights, viewOf } from './model-weights.js';
import type { SharedWeights } from './model-weights.js';
import type { WeightVectors } from '../records/training-state.js';
import type { LossConfig } from './build-method.js';
import type { SeededMicroBatch } from './epoch-batches.js';
import type { GradientRunner, MicroBatchResult } from './gradients.js';
import { WorkerClient, ownBuffer, siblingModule } from '../../workers/worker-client.js';

/** Data for a thread at its start. */
export interface ThreadSetup {
  readonly backend: BackendName;
  /** As `model.toJSON` gives it. */
  readonly topology: tf.io.ModelJSON['modelTopology'];
  /** All weights, those of frozen layers as well, in the order of `model.weights`. */
  readonly initial: readonly Float32Array[];
  readonly loss: LossConfig;
  /** Labels of the training rows, for balanced class weights; -1 without one. [R] */
  readonly rowLabels: Int32Array;
  readonly classCount: number;
  readonly weights: SharedWeights;
}

/** To the thread. */
export interface GradientRequest {
  /** Grows by one with every change of the shared weights. */
  readonly step: number;
  readonly batch: SeededMicroBatch;
  readonly progress: EpochProgress;
}

/** Methods of a training thread. */
export interface GradientApi {
  compute(request: GradientRequest): Promise<MicroBatchResult>;
}

export interface WorkerRunnerOptions {
  /** Threads that compute; this one hands out and waits. */
  readonly workers: number;
  /** Each thread builds the same network; its own weights come with every step. */
  readonly model: tf.LayersModel;
  readonly loss: LossConfig;
  /** Labels of the training rows; -1 without one. [R] */
  readonly rowLabels: Int32Array;
  readonly classCount: number;
  /** Ends the threads when aborted while they start. */
  readonly signal?: AbortSignal | undefined;
  /** Program of the threads, by default gradient-worker; tests use threads that die. */
  readonly module?: URL;
}

const GRADIENT_WORKER = siblingModule(import.meta.url, 'gradient-worker');

type TrainingClient = WorkerClient<null, GradientApi>;

/**
 * Computes batches in several threads, each with its own engine of the kind that is open here. The weights are in memory that all
 * share; a thread that is done takes the next batch. What comes out does not depend on which thread took which.
 */
export class WorkerRunner implements GradientRunner {
  private step = 0;
  private seen: EpochProgress['epoch'] | null = null;
  private failure: FerError | null = null;
  private readonly weights: WeightVectors;

  private constructor(
    private readonly threads: readonly TrainingClient[],
    setup: ThreadSetup,
  ) {
    this.weights = viewOf(setup.weights);
  }

  /**
   * Starts the threads. The engine must be open.
   * @throws FerError CONFIG_INVALID as `assertWorkers` does, WORKER_FAILED; the reason of `signal` once it is aborted
   */
  static async open({
    workers,
    model,
    loss,
    rowLabels,
    classCount,
    signal,
    module = GRADIENT_WORKER,
  }: WorkerRunnerOptions): Promise<WorkerRunner> {
    assertWorkers(workers);
    const backend = currentBackend();
    if (backend === null) throw new FerError('BACKEND_UNAVAILABLE', 'no engine is open: await openBackend() first');
    const { trainedLength, movingLength } = new ModelWeights(model);
    const setup: ThreadSetup = {
      backend: backend.name,
      topology: model.toJSON(null, false),
      initial: await Promise.all(model.getWeights().map(async (weight) => (await weight.data<'float32'>()).slice())),
      ...{ loss, rowLabels, classCount },
      weights: allocateSharedWeights(trainedLength, movingLength),
    };
    const threads: TrainingClient[] = [];
    try {
      // One after the other: libtensorflow's binding cannot be loaded by two threads at the same time.
      for (let i = 1; i <= workers; i += 1) {
        signal?.throwIfAborted();
        threads.push(await startTrainingThread(i, setup, module, signal));
      }
      signal?.throwIfAborted();
      return new WorkerRunner(threads, setup);
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.end()));
      signal?.throwIfAborted();
      throw error;
    }
  }

  /** The pictures of the batches go over to the threads and are gone here. @throws FerError WORKER_FAILED, after which only `dispose` is left */
  async run(
    weights: WeightVectors,
    batches: readonly SeededMicroBatch[],
    progress: EpochProgress,
  ): Promise<MicroBatchResult[]> {
    this.weights.trained.set(weights.trained);
    this.weights.moving.set(weights.moving);
    this.step += 1;
    const { step } = this;
    const results: MicroBatchResult[] = [];
    let next = 0;
    const take = async (thread: TrainingClient): Promise<void> => {
      const i = next;
      next += 1;
      const batch = batches[i]!;
      try {
        results[i] = await thread.call('compute', { step, batch, progress }, [
          ...ownBuffer(batch.first),
          ...(batch.second === null ? [] : ownBuffer(batch.second)),
        ]);
      } catch (error) {
        this.failure ??= workerFailure(this.threads.indexOf(thread) + 1, error);
        throw this.failure;
      }
    };
    if (this.failure !== null) throw this.failure;

    if (this.seen !== progress.epoch) {
      // tfjs-node keeps the names of attributes in a list of the process, unguarded. A method may use new ones in any epoch, never within it.
      if (currentBackend()?.name === 'tfjs-node') await take(this.threads[0]!);
      this.seen = progress.epoch;
    }
    await Promise.all(
      this.threads.map(async (thread) => {
        try {
          while (next < batches.length) await take(thread);
        } catch (error) {
          next = batches.length;
          throw error;
        }
      }),
    );
    return results;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }
}

async function startTrainingThread(
  number: number,
  setup: ThreadSetup,
  module: URL,
  signal: AbortSignal | undefined,
): Promise<TrainingClient> {
  try {
    return await WorkerClient.start<null, GradientApi>({
      module,
      name: `worker ${number}`,
      setup,
      failure: (reason) => workerFailure(number, new Error(reason)),
      signal,
    });
  } catch (error) {
    throw workerFailure(number, error);
  }
}

function workerFailure(number: number, error: unknown): FerError {
  if (error instanceof FerError && error.code === 'WORKER_FAILED') return error;
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/\.$/, '');
  return new FerError(
    'WORKER_FAILED',
    `training worker ${number} failed: ${reason}; continue from the last epoch with --resume, and with fewer --workers or smaller batches if memory ran out`,
  );
}

/** @throws FerError CONFIG_INVALID when the open engine cannot be shared out like that */
export function assertWorkers(workers: number): void {
  if (!Number.isInteger(workers) || workers < 1)
    throw new FerError('CONFIG_INVALID', `--workers ${workers}: must be a whole number from 1`);
  if (workers === 1) return;
  const name = currentBackend()?.name;
  if (name !== 'wasm' && name !== 'tfjs-node') {
    throw new FerError(
      'CONFIG_INVALID',
      `--workers ${workers}: only wasm and tfjs-node support training threads, and ${name ?? 'none'} is in use; leave --workers out, or choose one of those with --backend`,
    );
  }
}
