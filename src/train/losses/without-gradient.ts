import * as tf from '@tensorflow/tfjs';

/**
 * What `f` makes of `inputs`, as a constant: no gradient flows back through it, and `f` may use operations that
 * have none (argMax, comparisons). TensorFlow.js has no stop-gradient of its own.
 */
export function withoutGradient<R extends tf.Rank>(
  f: (...inputs: tf.Tensor[]) => tf.Tensor<R>,
  ...inputs: tf.Tensor[]
): tf.Tensor<R> {
  const shapes = inputs.map((input) => input.shape);
  return tf.customGrad<tf.Tensor<R>>((...args) => ({
    // Behind the inputs stands the function that would save tensors for the gradient; there is nothing to save.
    value: f(...(args.slice(0, shapes.length) as tf.Tensor[])),
    gradFunc: () => shapes.map((shape) => tf.zeros(shape)),
  }))(...inputs);
}
