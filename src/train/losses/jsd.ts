import { tf } from '../../model/tfjs.js';
import { checkViews, logPosteriors, withoutGradient } from './distributions.js';

/** `paper`: the Jensen-Shannon divergence, mean over the batch. `released-code`: what NLA's published code computes in its place. */
export const JSD_VARIANTS = ['paper', 'released-code'] as const;
export type JsdVariant = (typeof JSD_VARIANTS)[number];

export type JsdResult = {
  /** `paper`: mean over the samples; `released-code`: their sum. [] */
  loss: tf.Scalar;
  /** In nats. [N] */
  perSample: tf.Tensor1D;
};

/**
 * Divergence of two views' posteriors p = softmax(a), q = softmax(b), in nats (Lin, 1991):
 *
 *     paper:          JSD_i = 1/2 KL(p || m) + 1/2 KL(q || m),   m = (p + q) / 2               loss = mean_i
 *     released-code:  D_i   = 1/2 KL(M || p) + 1/2 KL(M || q),   M = softmax((a + b) / 2)      loss = sum_i
 *
 * @param a [N, C]
 * @param b [N, C]
 * @throws FerError CONFIG_INVALID when the shapes differ.
 */
export function jsd(a: tf.Tensor2D, b: tf.Tensor2D, variant: JsdVariant = 'paper'): JsdResult {
  checkViews(a, b);
  return tf.tidy(() => {
    const logP = logPosteriors(a); // [N, C]
    const logQ = logPosteriors(b); // [N, C]
    if (variant === 'paper') {
      const logM = logMean(logP, logQ); // [N, C]
      const perSample: tf.Tensor1D = klTerms(logP, logM).add(klTerms(logQ, logM)).sum<tf.Tensor1D>(1).mul(0.5); // [N]
      return { loss: perSample.mean<tf.Scalar>(), perSample };
    }
    const logM = logPosteriors(a.add<tf.Tensor2D>(b).mul<tf.Tensor2D>(0.5)); // [N, C]
    const perSample: tf.Tensor1D = klTerms(logM, logP).add(klTerms(logM, logQ)).sum<tf.Tensor1D>(1).mul(0.5); // [N]
    return { loss: perSample.sum<tf.Scalar>(), perSample };
  });
}

/** The terms of KL(p || q). From logarithms, which stay finite where posteriors round to 0. [N, C] */
function klTerms(logP: tf.Tensor2D, logQ: tf.Tensor2D): tf.Tensor2D {
  return logP.exp().mul(logP.sub(logQ));
}

/** log((p + q) / 2). Seen from the larger of the two, so that both may underflow. [N, C] */
function logMean(logP: tf.Tensor2D, logQ: tf.Tensor2D): tf.Tensor2D {
  const top = withoutGradient<tf.Rank.R2>((p, q) => tf.maximum(p, q), logP, logQ);
  return logP.sub(top).exp().add(logQ.sub(top).exp()).mul(0.5).log().add(top);
}
