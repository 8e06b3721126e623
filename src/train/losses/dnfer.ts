import { tf } from '../../model/tfjs.js';
import { crossEntropy } from './cross-entropy.js';
import { checkLabels, checkViews, labelOneHot, logPosteriors, withoutGradient } from './distributions.js';
import type { Labels } from './distributions.js';
import type { Method } from './method.js';

export interface DnferOptions {
  /** Share of the consistency term, in [0, 1]. Published: 0.5. */
  readonly alpha?: number;
  /** The first epochs (published: 5): cross entropy on all samples, no consistency. Default false. */
  readonly warmUp?: boolean;
}

/** Results of one view of the batch. */
export type DnferView = {
  /** The batch's mean posterior of each class. [C] */
  threshold: tf.Tensor1D;
  /** p_GT. [N] */
  truth: tf.Tensor1D;
  /** 1 where the label counts as clean, else 0. [N] */
  clean: tf.Tensor1D;
  /** Mean CE over the clean samples (during warm-up: over all), 0 when there are none. [] */
  supervised: tf.Scalar;
};

export type DnferResult = {
  /** [] */
  loss: tf.Scalar;
  /** Mean of both views' supervised parts. [] */
  supervised: tf.Scalar;
  /** Mean symmetric KL between the views, in bits; during warm-up for the log only. [] */
  consistency: tf.Scalar;
  weak: DnferView;
  strong: DnferView;
};

/**
 * Dynamic adaptive threshold (DNFER, arXiv 2208.10221). For each view separately:
 *
 *     threshold_k = mean over the batch of p[k]             clean = { i : p_i[y_i] >= threshold_{y_i} }
 *
 * and over both, thresholds and selection being constants:
 *
 *     L_sup  = 1/2 sum over views of mean CE over that view's clean set
 *     L_cons = mean over ALL samples of KL(p_w || p_s) + KL(p_s || p_w), in bits
 *     L      = (1 - alpha) L_sup + alpha L_cons                                   warm-up: L = 1/2 sum over views of mean CE
 *
 * @param weak logits of the weakly augmented images [N, C]
 * @param strong logits of the same images, strongly augmented [N, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit.
 */
export function dnfer(
  weak: tf.Tensor2D,
  strong: tf.Tensor2D,
  labels: Labels,
  { alpha = 0.5, warmUp = false }: DnferOptions = {},
): DnferResult {
  checkViews(weak, strong);
  return tf.tidy(() => {
    const weakView = superviseView(weak, labels, warmUp);
    const strongView = superviseView(strong, labels, warmUp);
    const supervised = weakView.supervised.add(strongView.supervised).mul<tf.Scalar>(0.5);
    const consistency: tf.Scalar = symmetricKlBits(weak, strong).mean();
    const loss: tf.Scalar = warmUp ? supervised.clone() : supervised.mul(1 - alpha).add(consistency.mul(alpha));
    return { loss, supervised, consistency, weak: weakView, strong: strongView };
  });
}

/** KL(p || q) + KL(q || p) in bits, for p = softmax(a) and q = softmax(b), [N, C] each. [N] */
export function symmetricKlBits(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const logP = logPosteriors(a); // [N, C]
    const logQ = logPosteriors(b); // [N, C]
    return logP.exp().sub(logQ.exp()).mul(logP.sub(logQ)).sum<tf.Tensor1D>(1).div(Math.LN2);
  });
}

/**
 * A posterior this close to its threshold, relatively, has reached it. Where all samples look alike, as early in
 * training, each posterior equals the mean except for rounding, and rounding must not choose the clean set.
 */
const TIE = 1e-6;

function superviseView(logits: tf.Tensor2D, labels: Labels, warmUp: boolean): DnferView {
  checkLabels(logits, labels);
  const label = labelOneHot(labels, logits.shape[1]); // [N, C]
  const labelled = label.sum(1); // [N], 1 or 0
  const posteriors = withoutGradient<tf.Rank.R2>((z) => tf.softmax(z as tf.Tensor2D), logits); // [N, C]
  const threshold: tf.Tensor1D = posteriors.mean(0); // [C]
  const truth: tf.Tensor1D = posteriors.mul(label).sum(1); // [N]
  const needed = label.mul(threshold).sum(1); // [N]
  const believed = truth
    .greaterEqual(needed.mul(1 - TIE))
    .toFloat()
    .mul<tf.Tensor1D>(labelled); // [N]
  const clean = warmUp ? (labelled as tf.Tensor1D) : believed; // [N]
  const supervised = crossEntropy(logits, labels).perSample.mul(clean).sum().div<tf.Scalar>(clean.sum().maximum(1));
  return { threshold, truth, clean, supervised };
}

export interface DnferMethodOptions {
  readonly alpha?: number;
  readonly crossEntropyEpochs?: number;
}

/** Dynamic adaptive threshold (arXiv 2208.10221): weak and strong view of every image. */
export function dnferMethod({ alpha = 0.5, crossEntropyEpochs = 5 }: DnferMethodOptions = {}): Method {
  return {
    name: 'dnfer',
    secondView: () => 'strong',
    loss(weak, strong, labels, { epoch }) {
      const result = dnfer(weak, strong!, labels, { alpha, warmUp: epoch < crossEntropyEpochs });
      return {
        loss: result.loss,
        parts: {
          supervised: result.supervised,
          consistency: result.consistency,
          cleanShareWeak: result.weak.clean.mean(),
          cleanShareStrong: result.strong.clean.mean(),
        },
      };
    },
  };
}
