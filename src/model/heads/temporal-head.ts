import * as tf from '@tensorflow/tfjs';
import type { Clip, ClipContext } from '../expression-model.js';
import { SelfAttention } from '../networks/self-attention.js';
import { readRows, toPosteriors } from './read-rows.js';
import type { Calibration } from './read-rows.js';

/** Temporal network: features of a clip -> posteriors of its frames. */
export class TemporalHead {
  readonly context: ClipContext;

  constructor(
    private readonly network: tf.LayersModel,
    private readonly calibration: Calibration,
    clipFrames: number,
  ) {
    const causal = network.layers.some(
      (layer) => layer instanceof SelfAttention && layer.getConfig()['causal'] === true,
    );
    this.context = clipContext(clipFrames, causal);
  }

  /** Posteriors of frames from..to-1; the others are context. [to - from][C] */
  async classify({ features, from, to }: Pick<Clip, 'features' | 'from' | 'to'>): Promise<Float32Array[]> {
    const width = features[0]?.length ?? 0;
    const posteriors = tf.tidy(() => {
      const clip = tf.tensor(joined(features, width), [1, features.length, width]); // [1, T, D]
      const inputs = this.network.inputs.length > 1 ? [clip, tf.ones([1, features.length])] : clip;
      const logits = this.network.predict(inputs) as tf.Tensor3D; // [1, T, C]
      return toPosteriors(logits.slice([0, from, 0], [1, to - from, -1]).squeeze<tf.Tensor2D>([0]), this.calibration); // [to - from, C]
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

/** Clip length for temporal networks without `clipFrames`: about a second. */
export const DEFAULT_CLIP_FRAMES = 32;

/**
 * Clip window of a temporal network: as many observations as in training, of which half are classified and half are context before and
 * after; for a causal network all context lies before.
 */
export function clipContext(clipFrames: number, causal: boolean): ClipContext {
  const hop = Math.ceil(clipFrames / 2);
  const rest = clipFrames - hop;
  const past = causal ? rest : Math.floor(rest / 2);
  return { past, future: rest - past, hop };
}
