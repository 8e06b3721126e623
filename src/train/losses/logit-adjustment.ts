import * as tf from '@tensorflow/tfjs';
import type { Method } from './method.js';

/**
 * Logit adjustment for rare classes (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, eq. 10): the loss sees logits + offsets, so that
 * a network trained where class k is drawn with frequency q_k learns the posteriors of a world where its frequency is r_k, with offsets_k = log(q_k / r_k).
 * @param offsets [C]
 */
export function withLogitAdjustment(method: Method, offsets: readonly number[]): Method {
  return {
    ...method,
    loss: (logits, second, labels, moment) => {
      const row = tf.tensor1d([...offsets]); // [C]
      return method.loss(logits.add(row), second?.add<tf.Tensor2D>(row) ?? null, labels, moment); // [N, C]
    },
  };
}

/**
 * log(q_k / r_k), up to a constant, which posteriors do not feel.
 * @param drawn how often a class is drawn in training: q [C]
 * @param counts its samples [C]
 * @param balance r_k goes as counts_k^(1 - balance): 0 as often as there are samples, 1 all alike
 * @returns 0 for a class without samples [C]
 */
export function adjustmentOffsets(drawn: readonly number[], counts: readonly number[], balance: number): number[] {
  return counts.map((count, k) => (count === 0 ? 0 : Math.log(drawn[k]!) - (1 - balance) * Math.log(count)));
}
