import { tf } from '../../model/tfjs.js';
import { crossEntropy } from './cross-entropy.js';
import {
  argMaxOneHot,
  checkLabels,
  labelOneHot,
  labelledCount,
  logPosteriors,
  withoutGradient,
} from './distributions.js';
import type { Labels } from './distributions.js';
import { bell } from './naw-bell.js';
import type { NawParameters } from './naw-bell.js';

export interface NawOptions {
  readonly parameters: NawParameters;
  /** e(t) of `nawSchedule`, from 0 (branch T is round) to 1 (it is along the ridge p_GT + p_NN = 1). */
  readonly epsilon: number;
  /** Treat the weights as constants. Default false: gradients flow through them, as in the released code. */
  readonly detachWeights?: boolean;
}

export type NawWeights = {
  /** w, not negative. [N] */
  weight: tf.Tensor1D;
  /** p_GT: the posterior of the label; 0 without a label. [N] */
  truth: tf.Tensor1D;
  /** p_NN: the largest posterior among the other classes. [N] */
  nearest: tf.Tensor1D;
  /** 1 on branch T, where p_GT >= p_NN, else 0. [N] */
  truthOnTop: tf.Tensor1D;
};

export type NawResult = NawWeights & {
  /** mean(w CE). [] */
  loss: tf.Scalar;
  /** CE before weighting, in nats. [N] */
  crossEntropy: tf.Tensor1D;
  /** mean(CE). [] */
  meanCrossEntropy: tf.Scalar;
};

/**
 * NAW weights (arXiv 2502.09993, section on noise-aware adaptive weighting): with s = (p_GT, p_NN) and its branch b,
 *
 *     w = lambda_b exp(-1/2 (s - mu_b)^T Sigma_b^-1 (s - mu_b)) [ 1 / (2 pi sqrt(det Sigma_b)) ]
 *     Sigma_T = [[varT, e covT], [e covT, varT]]         Sigma_F = [[varF, covF], [covF, varF]]
 *
 * With votes as labels, p_GT is the posterior of the class with most votes. A tie between truth and nearest negative
 * is branch T; of several nearest negatives the gradient goes to the first.
 * @param logits [N, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit, or a Sigma that is not a covariance.
 */
export function nawWeights(logits: tf.Tensor2D, labels: Labels, options: NawOptions): NawWeights {
  checkLabels(logits, labels);
  const { parameters, epsilon, detachWeights = false } = options;
  return tf.tidy(() => {
    const logP = logPosteriors(logits); // [N, C]
    const posteriors: tf.Tensor2D = logP.exp(); // [N, C]
    const label = labelOneHot(labels, logits.shape[1]); // [N, C]
    // In logarithms, so that "nearest" and "on top" still differ where posteriors round to 0 or 1.
    const negative = argMaxOneHot(tf.where(label.toBool(), FAR_BELOW, logP)); // [N, C]
    const truthOnTop = withoutGradient<tf.Rank.R1>((x) => isAtLeast(x.mul(label).sum(1), x.mul(negative).sum(1)), logP); // [N]

    const truth: tf.Tensor1D = posteriors.mul(label).sum(1); // [N]
    const nearest: tf.Tensor1D = posteriors.mul(negative).sum(1); // [N]
    const { muT, muF, varT, covT, varF, covF, lambdaT, lambdaF, normalised } = parameters;
    const onT = gaussian(truth, nearest, muT, varT, epsilon * covT, lambdaT, normalised); // [N]
    const onF = gaussian(truth, nearest, muF, varF, covF, lambdaF, normalised); // [N]
    const weight: tf.Tensor1D = onT.mul(truthOnTop).add(onF.mul(tf.sub(1, truthOnTop))); // [N]
    return {
      weight: detachWeights ? withoutGradient<tf.Rank.R1>((w) => w.clone() as tf.Tensor1D, weight) : weight,
      truth,
      nearest,
      truthOnTop,
    };
  });
}

/** NAW weights times cross entropy, and its mean over the labelled samples. */
export function nawCrossEntropy(logits: tf.Tensor2D, labels: Labels, options: NawOptions): NawResult {
  return tf.tidy(() => {
    const weights = nawWeights(logits, labels, options);
    const { perSample } = crossEntropy(logits, labels); // [N]
    const count = labelledCount(labelOneHot(labels, logits.shape[1]));
    const loss = perSample.mul(weights.weight).sum().div<tf.Scalar>(count);
    return { ...weights, loss, crossEntropy: perSample, meanCrossEntropy: perSample.sum().div<tf.Scalar>(count) };
  });
}

/** Below any log posterior, yet finite: not every engine keeps infinities. */
const FAR_BELOW = -1e30;

/** 1 where a >= b, else 0. [N] */
function isAtLeast(a: tf.Tensor1D, b: tf.Tensor1D): tf.Tensor1D {
  return tf.cast(a.greaterEqual<tf.Tensor1D>(b), 'float32');
}

/** The bell over (x, y) with mean mu, equal variances and the given covariance. [N] */
function gaussian(
  x: tf.Tensor1D,
  y: tf.Tensor1D,
  [muX, muY]: readonly [number, number],
  variance: number,
  covariance: number,
  height: number,
  normalised: boolean,
): tf.Tensor1D {
  const { determinant, peak } = bell(variance, covariance, height, normalised);
  const dx = x.sub(muX); // [N]
  const dy = y.sub(muY); // [N]
  const distance = dx
    .square()
    .add(dy.square())
    .mul(variance)
    .sub(dx.mul(dy).mul(2 * covariance))
    .div(determinant); // [N], Mahalanobis, squared
  return distance.mul(-0.5).exp().mul(peak);
}
