import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { checkLabels, labelDistribution, logPosteriors } from './distributions.js';
import type { Labels } from './distributions.js';
import type { Method } from './method.js';

export interface CrossEntropyOptions {
  /** The share of every label that is spread evenly over all classes, in [0, 1). Default 0. Szegedy et al., CVPR 2016. */
  readonly labelSmoothing?: number;
  /** One factor per class, not negative. Default: 1 for all. [C] */
  readonly classWeights?: readonly number[];
}

/** A type, not an interface, so that `tf.tidy` and `tf.dispose` take it whole; the same holds for all results of losses. */
export type CrossEntropyResult = {
  /** Mean over the samples, each counted with its class's weight. [] */
  loss: tf.Scalar;
  /** In nats; 0 for a sample without a label. [N] */
  perSample: tf.Tensor1D;
};

/**
 * Cross entropy between labels t and posteriors p = softmax(z), with class weights v:
 *
 *     CE_i = - sum_c v_c t_ic log p_ic         mean = sum_i CE_i / sum_ic v_c t_ic
 *
 * The mean is PyTorch's for class indices: dividing by the weight there is keeps the step's size whatever classes a
 * batch holds.
 * @param logits [N, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit, or options out of range.
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  labels: Labels,
  options: CrossEntropyOptions = {},
): CrossEntropyResult {
  checkLabels(logits, labels);
  const classCount = logits.shape[1];
  const { labelSmoothing, classWeights } = checkOptions(options, classCount);
  return tf.tidy(() => {
    const weights = tf.tensor2d([...classWeights], [1, classCount]);
    const truth = labelDistribution(labels, classCount); // [N, C]
    const labelled = truth.sum(1, true); // [N, 1], 1 or 0
    const smooth = truth.mul(1 - labelSmoothing).add(labelled.mul(labelSmoothing / classCount)); // [N, C]
    const perSample: tf.Tensor1D = logPosteriors(logits).mul(smooth).mul(weights).sum<tf.Tensor1D>(1).neg(); // [N]
    // The floor only matters for a batch in which nothing counts: its loss is 0, not 0 / 0.
    const mass = truth.mul(weights).sum().maximum(1e-12);
    return { loss: perSample.sum().div<tf.Scalar>(mass), perSample };
  });
}

function checkOptions(
  { labelSmoothing = 0, classWeights }: CrossEntropyOptions,
  classCount: number,
): Required<CrossEntropyOptions> {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new FerError('CONFIG_INVALID', `labelSmoothing is ${labelSmoothing}; it must be at least 0 and below 1`);
  }
  if (
    classWeights &&
    (classWeights.length !== classCount || !classWeights.every((weight) => weight >= 0 && Number.isFinite(weight)))
  ) {
    throw new FerError(
      'CONFIG_INVALID',
      `classWeights [${classWeights.join(', ')}] must be ${classCount} numbers, none negative: one for each class`,
    );
  }
  return { labelSmoothing, classWeights: classWeights ?? Array.from({ length: classCount }, () => 1) };
}

/** Plain cross entropy: what the others are measured against. */
export function crossEntropyMethod(options: CrossEntropyOptions = {}): Method {
  return {
    name: 'ce',
    secondView: () => 'none',
    loss(logits, _second, labels) {
      const { loss } = crossEntropy(logits, labels, options);
      return { loss, parts: { crossEntropy: loss.clone() } };
    },
  };
}
