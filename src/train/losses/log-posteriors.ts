import { tf } from '../../model/tfjs.js';

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
