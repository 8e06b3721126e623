import { tf } from '../tfjs.js';
import { readRows, toPosteriors } from './read-rows.js';
import type { Calibration } from './read-rows.js';

/** Classifier of the frame network: features of one crop -> posteriors. */
export class FrameHead {
  /** @param classifier the frame network; the caller disposes it */
  constructor(
    private readonly classifier: tf.LayersModel,
    private readonly calibration: Calibration,
  ) {}

  /** [D] -> [1][C] */
  async classify(features: Float32Array): Promise<Float32Array[]> {
    return readRows(
      tf.tidy(() => {
        const rows = tf.tensor2d(features, [1, features.length]); // [1, D]
        return toPosteriors(this.classifier.getLayer('logits').apply(rows) as tf.Tensor2D, this.calibration); // [1, C]
      }),
    );
  }
}
