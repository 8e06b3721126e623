import { tf } from '../../model/tfjs.js';
import type { EpochProgress, SecondView } from './epoch-progress.js';
import type { Labels } from './distributions.js';

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
 * @param balance r_k ~ counts_k^(1 - balance): 0 the frequencies of the samples, 1 equal
 * @returns 0 for a class that is never drawn [C]
 */
export function adjustmentOffsets(drawn: readonly number[], counts: readonly number[], balance: number): number[] {
  return counts.map((count, k) =>
    count === 0 || drawn[k] === 0 ? 0 : Math.log(drawn[k]!) - (1 - balance) * Math.log(count),
  );
}

export type MethodResult = {
  /** The loss. [] */
  loss: tf.Scalar;
  /** For the log. [] each */
  parts: Record<string, tf.Scalar>;
};

/** One way to train: what it looks at, and its loss. Clips are flattened: every frame is a sample. */
export interface Method {
  readonly name: string;
  secondView(progress: EpochProgress): SecondView;
  /**
   * @param logits of the first view [N, C]
   * @param second of the second view [N, C]; null where `secondView` says "none"
   */
  loss(logits: tf.Tensor2D, second: tf.Tensor2D | null, labels: Labels, progress: EpochProgress): MethodResult;
  /** Factor of `relationalLoss`, which is added where a batch has the features of teachers. Default 0. */
  readonly relationalWeight?: number;
}
