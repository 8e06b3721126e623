import { tf } from '../../../model/tfjs.js';
import { nextTurn } from '../../util/event-loop.js';
import type { Predict } from './training-set.js';

/** A model in inference mode, as numbers in and numbers out. Rejects with the reason of `signal` once it is aborted. */
export function predictWith(model: tf.LayersModel, signal?: AbortSignal): Predict {
  return async (values, shape) => {
    await nextTurn();
    signal?.throwIfAborted();
    const logits = tf.tidy(() => model.apply(tf.tensor(values, [...shape]), { training: false }) as tf.Tensor); // [..., C]
    try {
      return (await logits.data<'float32'>()).slice();
    } finally {
      logits.dispose();
    }
  };
}
