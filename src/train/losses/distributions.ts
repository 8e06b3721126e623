import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';

// Labels and posteriors as distributions over the classes: what the losses share.

/**
 * The truth about N samples of C classes.
 * [N]: class indices; a negative one marks a sample without a label, which no supervised mean counts.
 * [N, C]: soft labels, or votes (not negative; rows are scaled to sum 1, a row of zeros is a sample without a label).
 */
export type Labels = tf.Tensor1D | tf.Tensor2D;

/** Labels as distributions over the classes; rows of zeros where there is no label. [N, C] */
export function labelDistribution(labels: Labels, classCount: number): tf.Tensor2D {
  return tf.tidy(() => {
    if (labels.rank === 1) return oneHot(labels as tf.Tensor1D, classCount);
    const votes = tf.cast(labels as tf.Tensor2D, 'float32'); // [N, C]
    const total = votes.sum(1, true); // [N, 1]
    // Where there are no votes, divide by 1 in place of 0.
    return votes.div(total.add(total.equal(0).toFloat()));
  });
}

/** One-hot rows of the label, or of the class with most votes (the first of equals); zeros where there is no label. [N, C] */
export function labelOneHot(labels: Labels, classCount: number): tf.Tensor2D {
  return tf.tidy(() => {
    if (labels.rank === 1) return oneHot(labels as tf.Tensor1D, classCount);
    const labelled = labels.sum(1, true).greater(0).toFloat(); // [N, 1]
    return tf.mul(oneHot(labels.argMax<tf.Tensor1D>(1), classCount), labelled);
  });
}

/** How many samples have a label, at least 1 so that one can divide by it. [] */
export function labelledCount(oneHotLabels: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => oneHotLabels.sum().maximum<tf.Scalar>(1));
}

/** One-hot rows of the largest entry (the first of equals), as a constant. [N, C] */
export function argMaxOneHot(scores: tf.Tensor2D): tf.Tensor2D {
  return withoutGradient((x) => oneHot(x.argMax(1), x.shape[1]!), scores);
}

/** @throws FerError CONFIG_INVALID unless logits are [N, C] with C >= 2 and the labels are N of them. */
export function checkLabels(logits: tf.Tensor2D, labels: Labels): void {
  const [samples, classes] = logits.shape;
  if (classes < 2)
    throw new FerError(
      'CONFIG_INVALID',
      `logits [${logits.shape.join(', ')}] hold fewer than two classes; a loss needs at least two`,
    );
  const fits =
    labels.rank === 1 ? labels.shape[0] === samples : labels.shape[0] === samples && labels.shape[1] === classes;
  if (!fits)
    throw new FerError(
      'CONFIG_INVALID',
      `labels [${labels.shape.join(', ')}] do not fit logits [${logits.shape.join(', ')}]; give [N] indices or [N, C] votes`,
    );
}

/** @throws FerError CONFIG_INVALID unless both views have one shape: broadcasting would hide the mistake. */
export function checkViews(a: tf.Tensor, b: tf.Tensor): void {
  if (!tf.util.arraysEqual(a.shape, b.shape)) {
    throw new FerError(
      'CONFIG_INVALID',
      `the logits of two views differ in shape: [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`,
    );
  }
}

function oneHot(indices: tf.Tensor1D, classCount: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(indices.toInt(), classCount) as tf.Tensor2D, 'float32');
}

/**
 * `f(inputs)` as a constant: no gradient flows back through it, and `f` may use operations that
 * have none (argMax, comparisons). TensorFlow.js has no stop-gradient.
 */
export function withoutGradient<R extends tf.Rank>(
  f: (...inputs: tf.Tensor[]) => tf.Tensor<R>,
  ...inputs: tf.Tensor[]
): tf.Tensor<R> {
  const shapes = inputs.map((input) => input.shape);
  return tf.customGrad<tf.Tensor<R>>((...args) => ({
    // The last argument would save tensors for the gradient; there is nothing to save.
    value: f(...(args.slice(0, shapes.length) as tf.Tensor[])),
    gradFunc: () => shapes.map((shape) => tf.zeros(shape)),
  }))(...inputs);
}

/**
 * log softmax over the classes. [N, C] -> [N, C]
 *
 * Like tf.logSoftmax, but exact for the largest posterior too: log(1 + small) rounds the small part away, and with it
 * the cross entropy of every sample the network is sure of.
 */
export function logPosteriors(logits: tf.Tensor2D): tf.Tensor2D {
  return tf.customGrad<tf.Tensor2D>((...args) => {
    const [z, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const shifted = z.sub(z.max(1, true)); // [N, C], the largest is 0
    const top = tf.oneHot(z.argMax<tf.Tensor1D>(1), z.shape[1]); // [N, C]
    const others = shifted.exp().mul(tf.sub(1, top)).sum(1, true); // [N, 1]
    const value = shifted.sub<tf.Tensor2D>(log1p(others)); // [N, C]
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => dy.sub<tf.Tensor2D>(dy.sum(1, true).mul(saved[0]!.exp())), // [N, C]
    };
  })(logits);
}

/**
 * log(1 + x) for x >= 0, whose relative error stays that of the engine's log: x log(u) / (u - 1) with u = 1 + x as
 * rounded (W. Kahan's trick). The engines' own log1p is a plain log(1 + x) on wasm.
 */
function log1p(x: tf.Tensor): tf.Tensor {
  const u = x.add(1);
  const rounded = u.sub(1);
  const lost = rounded.equal(0);
  return tf.where(lost, x, x.mul(u.log()).div(rounded.add(lost.toFloat())));
}
