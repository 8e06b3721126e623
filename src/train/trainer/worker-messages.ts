import type { tf } from '../../model/tfjs.js';
import type { BackendName } from '../../model/engines/backend.js';
import type { EpochProgress } from '../losses/epoch-progress.js';
import type { LossConfig } from './build-method.js';
import type { SeededMicroBatch } from './epoch-batches.js';
import type { MicroBatchResult } from './gradients.js';
import type { WeightVectors } from '../records/training-state.js';

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

/** A copy of the weights in shared memory, so that steps need not send them. */
export interface SharedWeights {
  /** [P] float32 */
  readonly trained: SharedArrayBuffer;
  /** [Q] float32 */
  readonly moving: SharedArrayBuffer;
}

/** @param trainedLength P @param movingLength Q */
export function allocateSharedWeights(trainedLength: number, movingLength: number): SharedWeights {
  const { BYTES_PER_ELEMENT } = Float32Array;
  return {
    trained: new SharedArrayBuffer(trainedLength * BYTES_PER_ELEMENT),
    moving: new SharedArrayBuffer(movingLength * BYTES_PER_ELEMENT),
  };
}

/** The same memory as flat lists. */
export function viewOf({ trained, moving }: SharedWeights): WeightVectors {
  return { trained: new Float32Array(trained), moving: new Float32Array(moving) };
}
