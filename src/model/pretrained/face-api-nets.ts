import { tf } from '../tfjs.js';
import { FACE_API_MEAN_RGB } from './pixel-scaling.js';
import { disposeWeights, loadFaceApiWeights, weight } from './weight-files.js';
import type { WeightMap } from './weight-files.js';

/** Side of the square input in pixels. */
export const DENSE_INPUT_SIZE = 112;

/** Blocks, and separable convolutions in a block, the first (down-scaling) one included. */
export interface DenseLayout {
  readonly blocks: number;
  readonly convolutions: number;
}

/** The body of face-api's expression network and of its full landmark network; D = 256. */
export const FULL_LAYOUT: DenseLayout = { blocks: 4, convolutions: 4 };
/** The body of the tiny landmark network; D = 128. */
export const TINY_LAYOUT: DenseLayout = { blocks: 3, convolutions: 3 };

/**
 * face-api's dense feature extractor: in every block each convolution sees the rectified sum of all outputs before it.
 * Stock weights; a convolution, its bias and, where the block allows it, its activation run as one fused kernel.
 *
 * @param input RGB less FACE_API_MEAN_RGB, over 255. [B, 112, 112, 3]
 * @returns [B, D]
 */
export function extractDenseFeatures(
  input: tf.Tensor4D,
  weights: WeightMap,
  { blocks, convolutions }: DenseLayout,
): tf.Tensor2D {
  return tf.tidy(() => {
    let x = input;
    for (let block = 0; block < blocks; block += 1) x = denseBlock(x, weights, block, convolutions); // [B, H/2, W/2, 2 C]
    return tf.mean<tf.Tensor2D>(x, [1, 2]); // [B, D]
  });
}

function denseBlock(input: tf.Tensor4D, weights: WeightMap, block: number, convolutions: number): tf.Tensor4D {
  const first =
    block === 0
      ? tf.fused.conv2d({
          x: input,
          filter: weight(weights, 'dense0/conv0/filters'),
          bias: weight(weights, 'dense0/conv0/bias'),
          strides: 2,
          pad: 'same',
          activation: 'relu',
        })
      : separable(input, weights, `dense${block}/conv0`, 2, 'relu');
  let sum = first;
  let x = first;
  for (let i = 1; i < convolutions; i += 1) {
    sum = tf.add(sum, separable(x, weights, `dense${block}/conv${i}`, 1, 'linear'));
    x = tf.relu(sum);
  }
  return x;
}

function separable(
  x: tf.Tensor4D,
  weights: WeightMap,
  name: string,
  strides: 1 | 2,
  activation: 'relu' | 'linear',
): tf.Tensor4D {
  return tf.fused.conv2d({
    x: tf.depthwiseConv2d(x, weight<tf.Rank.R4>(weights, `${name}/depthwise_filter`), strides, 'same'),
    filter: weight(weights, `${name}/pointwise_filter`),
    bias: weight(weights, `${name}/bias`),
    strides: 1,
    pad: 'valid',
    activation,
  });
}

/** The fully connected layer on top. [B, D] -> [B, outputs] */
export function denseHead(features: tf.Tensor2D, weights: WeightMap): tf.Tensor2D {
  return tf.add(tf.matMul(features, weight<tf.Rank.R2>(weights, 'fc/weights')), weight(weights, 'fc/bias'));
}

/** face-api's FaceExpressionNet, rebuilt on fused kernels: same weights, same logits. */
export class FaceExpressionNet {
  private constructor(private readonly weights: WeightMap) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(): Promise<FaceExpressionNet> {
    return new FaceExpressionNet(await loadFaceApiWeights('face_expression_model'));
  }

  /**
   * @param input aligned RGB faces, 0..255. [B, 112, 112, 3]
   * @returns logits in the order of EXPRESSIONS_7. [B, 7]
   */
  logits(input: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const normalised = tf.div<tf.Tensor4D>(tf.sub(input, tf.tensor1d([...FACE_API_MEAN_RGB])), 255); // [B, 112, 112, 3]
      return denseHead(extractDenseFeatures(normalised, this.weights, FULL_LAYOUT), this.weights); // [B, 7]
    });
  }

  dispose(): void {
    disposeWeights(this.weights);
  }
}

export { DENSE_INPUT_SIZE as FACE_EXPRESSION_INPUT_SIZE };
