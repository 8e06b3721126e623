import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { withoutGradient } from './log-posteriors.js';

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
