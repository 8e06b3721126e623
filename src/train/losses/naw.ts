import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { crossEntropy } from './cross-entropy.js';
import { argMaxOneHot, checkLabels, labelledCount, labelOneHot } from './labels.js';
import type { Labels } from './labels.js';
import { logPosteriors } from './log-posteriors.js';
import { withoutGradient } from './without-gradient.js';

/**
 * The two Gaussians of noise-aware adaptive weighting over s = (p_GT, p_NN), in the paper's names.
 * T: the truth is the top prediction. F: it is not.
 */
export interface NawParameters {
  /** Mean of (p_GT, p_NN) on branch T. */
  readonly muT: readonly [number, number];
  readonly muF: readonly [number, number];
  /** Variance of both p_GT and p_NN on branch T. */
  readonly varT: number;
  /** Covariance on branch T at the end of training; the schedule e(t) brings it up from 0. */
  readonly covT: number;
  readonly varF: number;
  readonly covF: number;
  /** Height of each branch. */
  readonly lambdaT: number;
  readonly lambdaF: number;
  /** With the density's factor 1 / (2 pi sqrt(det)), or with peak 1. */
  readonly normalised: boolean;
  /** Of the schedule e(t) = 1 - exp(slope t / T); negative. */
  readonly slope: number;
}

export type NawVariant = 'nla' | 'v-naw';

const MEANS = { muT: [0.5, 0.5], muF: [0.3, 0.15], lambdaT: 1, lambdaF: 1, slope: -15 } as const;

/** Branch T of NLA: standard deviation 0.8 along the ridge p_GT + p_NN = 1, narrower by 2 across it. */
const T = { s: 0.8, r: 2 };
/** Branch F of NLA: 0.91 along p_GT = p_NN, narrower by 6 across it. */
const F = { s: 0.91, r: 6 };

/** The published settings: NLA (arXiv 2502.09993) and V-NAW (arXiv 2503.15970). */
export const NAW_PARAMETERS: Readonly<Record<NawVariant, NawParameters>> = {
  nla: {
    ...MEANS,
    varT: T.s ** 2 + (T.s / T.r) ** 2,
    covT: -(T.s ** 2) + (T.s / T.r) ** 2,
    varF: F.s ** 2 + (F.s / F.r) ** 2,
    covF: F.s ** 2 - (F.s / F.r) ** 2,
    normalised: true,
  },
  'v-naw': { ...MEANS, varT: 0.75, covT: -0.5, varF: 0.85, covF: 0.8, normalised: false },
};

/** The Gaussians a method's settings ask for: the published ones, except for what `naw` sets. Methods without weights get NLA's. */
export function nawParameters(method: {
  readonly name: string;
  readonly naw?: { readonly [K in keyof NawParameters]?: NawParameters[K] | undefined };
}): NawParameters {
  const set = Object.entries(method.naw ?? {}).filter(([, value]) => value !== undefined);
  return { ...NAW_PARAMETERS[method.name === 'v-naw' ? 'v-naw' : 'nla'], ...Object.fromEntries(set) };
}

export interface NawOptions {
  readonly parameters: NawParameters;
  /** e(t) of `nawSchedule`, from 0 (branch T is round) to 1 (it lies along the ridge p_GT + p_NN = 1). */
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

/** e(t) = 1 - exp(slope t / T), for epoch t (from 0) of T. */
export function nawSchedule(epoch: number, epochs: number, slope: number): number {
  if (!(epochs > 0))
    throw new FerError('CONFIG_INVALID', `the NAW schedule needs a positive number of epochs, not ${epochs}`);
  return 1 - Math.exp((slope * epoch) / epochs);
}

/**
 * NAW weights (arXiv 2502.09993, section on noise-aware adaptive weighting): with s = (p_GT, p_NN) and its branch b,
 *
 *     w = lambda_b exp(-1/2 (s - mu_b)^T Sigma_b^-1 (s - mu_b)) [ 1 / (2 pi sqrt(det Sigma_b)) ]
 *     Sigma_T = [[varT, e covT], [e covT, varT]]         Sigma_F = [[varF, covF], [covF, varF]]
 *
 * With votes as labels, p_GT is the posterior of the class with most votes. A tie between truth and nearest negative
 * is branch T; of several nearest negatives the gradient goes to the first.
 * @param logits [N, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit, or a Sigma that is no covariance.
 */
export function nawWeights(logits: tf.Tensor2D, labels: Labels, options: NawOptions): NawWeights {
  checkLabels(logits, labels);
  const { parameters, epsilon, detachWeights = false } = options;
  return tf.tidy(() => {
    const logP = logPosteriors(logits); // [N, C]
    const posteriors: tf.Tensor2D = logP.exp(); // [N, C]
    const label = labelOneHot(labels, logits.shape[1]); // [N, C]
    // In logarithms, so that "nearest" and "on top" are still told apart where posteriors round to 0 or 1.
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
  const determinant = variance ** 2 - covariance ** 2;
  if (!(variance > 0 && determinant > 0)) {
    throw new FerError(
      'CONFIG_INVALID',
      `NAW: variance ${variance} and covariance ${covariance} make no Gaussian; the variance must exceed the covariance's magnitude`,
    );
  }
  const peak = normalised ? height / (2 * Math.PI * Math.sqrt(determinant)) : height;
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
