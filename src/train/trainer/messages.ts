import type * as tf from '@tensorflow/tfjs';
import type { BackendName } from '../../model/engines/backend.js';
import type { TrainingMoment } from '../losses/method.js';
import type { LossConfig } from './build-method.js';
import type { Shard, ShardResult } from './shard.js';
import type { SharedWeights } from './shared-weights.js';

/** What a thread is given when it starts. */
export interface ThreadSetup {
  readonly backend: BackendName;
  /** As `model.toJSON` gives it. */
  readonly topology: tf.io.ModelJSON['modelTopology'];
  /** All weights, those of frozen layers as well, in the order of `model.weights`. */
  readonly initial: readonly Float32Array[];
  readonly loss: LossConfig;
  /** Of the training rows, for balanced class weights; -1 without one. [R] */
  readonly rowLabels: Int32Array;
  readonly classCount: number;
  readonly weights: SharedWeights;
}

/** To the thread. */
export interface ShardRequest {
  /** Grows by one with every change of the shared weights. */
  readonly step: number;
  readonly shard: Shard;
  readonly moment: TrainingMoment;
}

/** What a training thread answers. */
export interface ShardApi {
  compute(request: ShardRequest): Promise<ShardResult>;
}
