import * as tf from '@tensorflow/tfjs';
import type { Clip, ClipContext } from '../expression-model.js';
import { SelfAttention } from '../networks/index.js';
import { clipContext } from './clip-context.js';
import { readRows, toPosteriors } from './posteriors.js';

/** A temporal network at inference: features of a clip -> posteriors for its frames. */
export class TemporalPart {
  readonly context: ClipContext;

  constructor(
    private readonly network: tf.LayersModel,
    private readonly temperature: number,
    clipFrames: number,
  ) {
    const causal = network.layers.some(
      (layer) => layer instanceof SelfAttention && layer.getConfig()['causal'] === true,
    );
    this.context = clipContext(clipFrames, causal);
  }

  /** Posteriors for the frames from..to-1 of the clip, all of whose frames are seen. [to - from][C] */
  async classify({ features, from, to }: Pick<Clip, 'features' | 'from' | 'to'>): Promise<Float32Array[]> {
    const width = features[0]?.length ?? 0;
    const posteriors = tf.tidy(() => {
      const clip = tf.tensor(joined(features, width), [1, features.length, width]); // [1, T, D]
      const inputs = this.network.inputs.length > 1 ? [clip, tf.ones([1, features.length])] : clip;
      const logits = this.network.predict(inputs) as tf.Tensor3D; // [1, T, C]
      return toPosteriors(logits.slice([0, from, 0], [1, to - from, -1]).squeeze<tf.Tensor2D>([0]), this.temperature); // [to - from, C]
    });
    return readRows(posteriors);
  }

  dispose(): void {
    this.network.dispose();
  }
}

function joined(features: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(features.length * width);
  for (const [t, row] of features.entries()) all.set(row, t * width);
  return all;
}
