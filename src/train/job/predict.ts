import * as tf from '@tensorflow/tfjs';
import type { Predict } from '../data/training/training-set.js';

/** A model in inference mode, as numbers in and numbers out. */
export function predictWith(model: tf.LayersModel): Predict {
  return async (values, shape) => {
    const logits = tf.tidy(() => model.apply(tf.tensor(values, [...shape]), { training: false }) as tf.Tensor); // [..., C]
    try {
      return (await logits.data<'float32'>()).slice();
    } finally {
      logits.dispose();
    }
  };
}
