import type * as tf from '@tensorflow/tfjs';
import type { EpochProgress, SecondView } from './epoch-progress.js';
import type { Labels } from './labels.js';

export type MethodResult = {
  /** What is minimised. [] */
  loss: tf.Scalar;
  /** For the log. [] each */
  parts: Record<string, tf.Scalar>;
};

/** One way to train: what it looks at, and its loss. Clips are flattened: every frame is a sample. */
export interface Method {
  readonly name: string;
  secondView(moment: EpochProgress): SecondView;
  /**
   * @param logits of the first view [N, C]
   * @param second of the second view [N, C]; null where `secondView` says "none"
   */
  loss(logits: tf.Tensor2D, second: tf.Tensor2D | null, labels: Labels, moment: EpochProgress): MethodResult;
}
