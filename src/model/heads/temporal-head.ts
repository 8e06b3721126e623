import * as tf from '@tensorflow/tfjs';
import type { Clip, ClipContext } from '../expression-model.js';
import { SelfAttention } from '../networks/self-attention.js';
import { readRows, toPosteriors } from './read-rows.js';
import type { Calibration } from './read-rows.js';

/** A temporal network at inference: features of a clip -> posteriors for its frames. */
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

  /** Posteriors for the frames from..to-1 of the clip, all of whose frames are seen. [to - from][C] */
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

/** Frames at a time for a temporal network that does not say what it was trained on: about a second. */
export const DEFAULT_CLIP_FRAMES = 32;

/**
 * The clip window of a temporal network: it sees as many observations at a time as it was trained on and classifies half of them, with the other
 * half as context before and after; all of it before for a network that sees no later frames.
 */
export function clipContext(clipFrames: number, causal: boolean): ClipContext {
  const hop = Math.ceil(clipFrames / 2);
  const rest = clipFrames - hop;
  const past = causal ? rest : Math.floor(rest / 2);
  return { past, future: rest - past, hop };
}
