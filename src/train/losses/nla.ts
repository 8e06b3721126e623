import { tf } from '../../model/tfjs.js';
import { jsd } from './jsd.js';
import type { JsdVariant } from './jsd.js';
import type { Labels } from './distributions.js';
import { nawCrossEntropy } from './naw.js';
import { NAW_PARAMETERS, nawSchedule } from './naw-bell.js';
import type { NawOptions, NawWeights } from './naw.js';
import type { NawParameters } from './naw-bell.js';
import { crossEntropy } from './cross-entropy.js';
import type { Method } from './method.js';

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

export interface NlaMethodOptions {
  readonly lambda?: number;
  readonly consistency?: JsdVariant;
  readonly detachWeights?: boolean;
  /** First epochs with cross entropy alone. A network that starts from nothing needs them. */
  readonly crossEntropyEpochs?: number;
  readonly naw?: Partial<NawParameters>;
}

/** Navigating Label Ambiguity (arXiv 2502.09993). The schedule of the weights begins after the warm-up. */
export function nlaMethod({
  lambda = 0.5,
  consistency = 'paper',
  detachWeights = false,
  crossEntropyEpochs = 0,
  naw = {},
}: NlaMethodOptions = {}): Method {
  const parameters: NawParameters = { ...NAW_PARAMETERS.nla, ...naw };
  return {
    name: 'nla',
    secondView: ({ epoch }) => (epoch < crossEntropyEpochs ? 'none' : 'mirrored'),
    loss(logits, mirrored, labels, { epoch, epochs }) {
      if (epoch < crossEntropyEpochs) {
        const { loss } = crossEntropy(logits, labels);
        return { loss, parts: { crossEntropy: loss.clone() } };
      }
      const epsilon = nawSchedule(epoch - crossEntropyEpochs, epochs - crossEntropyEpochs, parameters.slope);
      const result = nla(logits, mirrored!, labels, {
        naw: { parameters, epsilon, detachWeights },
        lambda,
        consistency,
      });
      return {
        loss: result.loss,
        parts: {
          crossEntropy: result.meanCrossEntropy,
          supervised: result.supervised,
          consistency: result.consistency,
          meanWeight: result.weight.mean(),
        },
      };
    },
  };
}
