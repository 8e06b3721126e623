import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';

/** Keeps the square root's gradient finite for equal samples. */
const SMALLEST = 1e-8;

/**
 * Relational knowledge distillation by distances (Park et al., CVPR 2019, eq. 4-6): the features of a network are to lie as far from one another as a teacher's.
 * Each side's distances are divided by their mean, so that width and scale may differ:
 *
 *     psi(i, j) = ||x_i - x_j|| / mu        mu = mean of ||x_i - x_j|| over i != j
 *     loss      = mean over i != j of Huber(psi_network(i, j) - psi_teacher(i, j))        Huber(d) = d^2 / 2 for |d| <= 1, else |d| - 1/2
 *
 * @param features of the network [N, D]
 * @param teacher features of the teacher for the same samples, a constant [N, E]
 * @returns [], 0 for fewer than two samples
 * @throws FerError CONFIG_INVALID where the numbers of samples differ
 */
export function relationalLoss(features: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  const [count] = features.shape;
  if (teacher.shape[0] !== count)
    throw new FerError(
      'CONFIG_INVALID',
      `features [${features.shape.join(', ')}] and teacher features [${teacher.shape.join(', ')}] are of different samples`,
    );
  return tf.tidy(() => {
    const pairs = Math.max(1, count * (count - 1));
    const others = tf.sub(1, tf.eye(count)); // [N, N], 0 on the diagonal
    const relations = (x: tf.Tensor2D): tf.Tensor2D => {
      const far = distances(x).mul(others); // [N, N]
      return far.div(far.sum().div(pairs).add(SMALLEST));
    };
    const difference = relations(features).sub(relations(teacher)).abs(); // [N, N]
    const bent = difference.minimum(1);
    return bent.square().div(2).add(difference.sub(bent)).sum().div<tf.Scalar>(pairs);
  });
}

/** Euclidean distances between rows, up to one factor. [N, D] -> [N, N] */
function distances(x: tf.Tensor2D): tf.Tensor2D {
  const scaled: tf.Tensor2D = x.div(x.square().sum(1).mean().add(SMALLEST).sqrt()); // rows of norm 1 on average
  const squares = scaled.square().sum(1, true); // [N, 1]
  const products = tf.matMul(scaled, scaled, false, true); // [N, N]
  return squares
    .add<tf.Tensor2D>(squares.transpose())
    .sub<tf.Tensor2D>(products.mul(2))
    .maximum<tf.Tensor2D>(SMALLEST)
    .sqrt();
}
