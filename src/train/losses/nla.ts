import * as tf from '@tensorflow/tfjs';
import { jsd } from './jsd.js';
import type { JsdVariant } from './jsd.js';
import type { Labels } from './labels.js';
import { nawCrossEntropy } from './naw.js';
import type { NawOptions, NawWeights } from './naw.js';

export interface NlaOptions {
  readonly naw: NawOptions;
  /** Share of the supervised part, in [0, 1]. Published: 0.5. */
  readonly lambda?: number;
  /** Form of the consistency term. Default `paper`. */
  readonly consistency?: JsdVariant;
}

export type NlaResult = NawWeights & {
  /** [] */
  loss: tf.Scalar;
  /** mean((1 + w) CE). [] */
  supervised: tf.Scalar;
  /** JSD between the views. [] */
  consistency: tf.Scalar;
  /** mean(CE), for the log. [] */
  meanCrossEntropy: tf.Scalar;
  /** [N] */
  crossEntropy: tf.Tensor1D;
};

/**
 * Navigating Label Ambiguity (AAAI 2025, arXiv 2502.09993):
 *
 *     L = lambda mean((1 + w) CE(x)) + (1 - lambda) JSD(p(x), p(flip(x)))
 *
 * @param logits of the images [N, C]
 * @param flipped logits of the same images, mirrored left to right [N, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit.
 */
export function nla(logits: tf.Tensor2D, flipped: tf.Tensor2D, labels: Labels, options: NlaOptions): NlaResult {
  const { naw, lambda = 0.5, consistency: variant = 'paper' } = options;
  return tf.tidy(() => {
    const { loss: weighted, ...parts } = nawCrossEntropy(logits, labels, naw);
    const supervised: tf.Scalar = parts.meanCrossEntropy.add(weighted);
    const consistency = jsd(logits, flipped, variant).loss;
    return {
      ...parts,
      loss: supervised.mul(lambda).add<tf.Scalar>(consistency.mul(1 - lambda)),
      supervised,
      consistency,
    };
  });
}
