import type * as tf from '@tensorflow/tfjs';
import type { Method, TrainingMoment } from '../losses/method.js';
import { ModelWeights } from './model-weights.js';
import type { WeightVectors } from './model-weights.js';
import { computeShard } from './shard.js';
import type { Shard, ShardResult } from './shard.js';

/** Works out the gradients of a batch's shards, here or in other threads. Every shard starts from the same weights and moving statistics. */
export interface ShardRunner {
  /** In the order of `shards`, whose pictures it may take for itself: other threads get them handed over. */
  run(weights: WeightVectors, shards: readonly Shard[], moment: TrainingMoment): Promise<ShardResult[]>;
  dispose(): Promise<void>;
}

/** One shard after the other, in this thread, with the given model. */
export class LocalRunner implements ShardRunner {
  private readonly weights: ModelWeights;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly method: Method,
  ) {
    this.weights = new ModelWeights(model);
  }

  async run(weights: WeightVectors, shards: readonly Shard[], moment: TrainingMoment): Promise<ShardResult[]> {
    this.weights.write(weights);
    const results: ShardResult[] = [];
    for (const [i, shard] of shards.entries()) {
      if (i > 0) this.weights.writeMoving(weights.moving);
      results.push(await computeShard(this.model, this.weights, this.method, shard, moment));
    }
    return results;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
