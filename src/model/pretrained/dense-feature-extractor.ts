import * as tf from '@tensorflow/tfjs';

/** Mean colour that face-api's 112 px networks subtract, 0..255. */
const MEAN_RGB = [122.782, 117.001, 104.298];

/** Side of the square input in pixels. */
export const DENSE_INPUT_SIZE = 112;

/**
 * face-api's dense feature extractor (the body of its landmark and expression networks): four blocks of four separable
 * convolutions with additive shortcuts. The same weights as stock; each convolution, its bias and, where the block
 * allows it, its activation run as one fused kernel, and the colour mean is folded into one subtraction.
 *
 * @param input RGB, 0..255. [B, 112, 112, 3]
 * @param blocks 3 in the tiny variant, 4 in the full one.
 * @returns [B, 1, 1, C], C = 256 (full) or 128 (tiny)
 */
export function extractDenseFeatures(input: tf.Tensor4D, weights: tf.NamedTensorMap, blocks: 3 | 4): tf.Tensor4D {
  return tf.tidy(() => {
    let x = tf.div<tf.Tensor4D>(tf.sub(input, tf.tensor1d(MEAN_RGB)), 255); // [B, 112, 112, 3]
    for (let block = 0; block < blocks; block += 1) x = denseBlock(x, weights, block, blocks); // halves H and W, doubles C
    return blocks === 4 ? tf.avgPool(x, [7, 7], [2, 2], 'valid') : tf.avgPool(x, [14, 14], [2, 2], 'valid');
  });
}

function denseBlock(x: tf.Tensor4D, weights: tf.NamedTensorMap, block: number, convs: number): tf.Tensor4D {
  const prefix = `dense${block}`;
  const out1 =
    block === 0
      ? tf.fused.conv2d({
          x,
          filter: weights[`${prefix}/conv0/filters`] as tf.Tensor4D,
          strides: 2,
          pad: 'same',
          bias: weights[`${prefix}/conv0/bias`]!,
          activation: 'relu',
        })
      : separableConv(x, weights, `${prefix}/conv0`, 2, 'relu');
  // Each further convolution reads relu(sum of all before it); the running sum is the shortcut.
  let sum = out1;
  let activated = out1;
  for (let conv = 1; conv < convs; conv += 1) {
    sum = tf.add(sum, separableConv(activated, weights, `${prefix}/conv${conv}`, 1, 'linear'));
    activated = tf.relu(sum);
  }
  return activated;
}

function separableConv(
  x: tf.Tensor4D,
  weights: tf.NamedTensorMap,
  name: string,
  strides: 1 | 2,
  activation: 'relu' | 'linear',
): tf.Tensor4D {
  const depthwise = tf.depthwiseConv2d(x, weights[`${name}/depthwise_filter`] as tf.Tensor4D, strides, 'same');
  return tf.fused.conv2d({
    x: depthwise,
    filter: weights[`${name}/pointwise_filter`] as tf.Tensor4D,
    strides: 1,
    pad: 'same',
    bias: weights[`${name}/bias`]!,
    activation,
  });
}
