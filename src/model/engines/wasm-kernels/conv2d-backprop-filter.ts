import * as tf from '@tensorflow/tfjs';
import { convGeometry, cropNegative } from './conv-geometry.js';
import type { KernelCall } from './kernel.js';

/**
 * Gradient of a convolution by its filter, which the wasm engine lacks:
 * dW[k, l, c, o] = sum over n, i, j of x[n, s i + k - p, s j + l - p, c] dy[n, i, j, o].
 * That is a convolution again, with the batch in the place of the channels, dy as the filter, and the stride as its dilation.
 */
export function conv2dBackpropFilter({ inputs, attrs }: KernelCall): tf.TensorInfo {
  const x = inputs['x'] as tf.Tensor4D; // [N, H, W, C]
  const dy = inputs['dy'] as tf.Tensor4D; // [N, I, J, O]
  const filterShape = attrs['filterShape'] as [number, number, number, number]; // [K, L, C, O]
  const { batch, inChannels, outChannels, rows, cols } = convGeometry(attrs, x.shape, filterShape);

  return tf.tidy(() => {
    const pointwise =
      rows.kernel === 1 &&
      cols.kernel === 1 &&
      rows.stride === 1 &&
      cols.stride === 1 &&
      rows.output === rows.input &&
      cols.output === cols.input;
    if (pointwise) {
      const positions = batch * rows.input * cols.input;
      return tf
        .matMul(tf.transpose(x.reshape([positions, inChannels])), dy.reshape<tf.Tensor2D>([positions, outChannels]))
        .reshape(filterShape);
    }
    // In two steps, because the engine moves whole runs of N values faster than single ones: [N, HWC] -> [HW, C, N] -> [C, HW, N].
    const positions = rows.input * cols.input;
    const batchLast = tf.transpose(x.reshape([batch, positions * inChannels])).reshape([positions, inChannels, batch]);
    const image = tf.transpose(batchLast, [1, 0, 2]).reshape<tf.Tensor4D>([inChannels, rows.input, cols.input, batch]); // [C, H, W, N]
    const filter = tf.transpose(dy, [1, 2, 0, 3]); // [I, J, N, O]
    // Padded (or cropped) so that exactly K x L positions come out.
    const after = (axis: typeof rows): number =>
      axis.kernel + axis.stride * (axis.output - 1) - axis.input - axis.padBefore;
    const { cropped, padding } = cropNegative(image, [rows.padBefore, after(rows)], [cols.padBefore, after(cols)]);
    const dw = tf.conv2d(cropped, filter, 1, padding, 'NHWC', [rows.stride, cols.stride]); // [C, K, L, O]
    return tf.transpose(dw, [1, 2, 0, 3]); // [K, L, C, O]
  });
}
