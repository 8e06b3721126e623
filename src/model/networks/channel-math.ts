import { tf } from '../tfjs.js';

// Sums and scalings by channel. wasm has slow loops for them, but fast matrix products and convolutions.

/** Sum over everything but the last axis. [..., C] -> [C] */
export function sumByChannel(x: tf.Tensor): tf.Tensor1D {
  const channels = x.shape.at(-1)!;
  const batch = x.shape[0];
  const rest = x.size / batch;
  // Two short sums are more exact in float32 than one over all the rows.
  const overBatch = tf.matMul(tf.ones([1, batch]), x.reshape([batch, rest])); // [1, rest]
  if (rest === channels) return overBatch.reshape([channels]);
  return tf.matMul(tf.ones([1, rest / channels]), overBatch.reshape([rest / channels, channels])).reshape([channels]);
}

/** x * scale + shift. x [..., C], scale [C], shift [C]. Not to be differentiated: for use inside custom gradients. */
export function scaleByChannel(x: tf.Tensor, scale: tf.Tensor1D, shift: tf.Tensor1D): tf.Tensor {
  if (tf.getBackend() !== 'wasm') return x.mul(scale).add(shift);
  // A depthwise convolution with one tap: 2.5 times as fast there as one multiplication with broadcasting.
  const channels = scale.size;
  const rows = x.reshape<tf.Tensor4D>([1, x.size / channels, 1, channels]);
  return tf.fused
    .depthwiseConv2d({
      x: rows,
      filter: scale.reshape<tf.Tensor4D>([1, 1, channels, 1]),
      strides: 1,
      pad: 'valid',
      bias: shift,
    })
    .reshape(x.shape);
}
