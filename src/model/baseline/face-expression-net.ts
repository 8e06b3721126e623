import * as tf from '@tensorflow/tfjs';
import { DENSE_INPUT_SIZE, extractDenseFeatures } from '../pretrained/dense-feature-extractor.js';
import { readFaceApiWeights } from '../pretrained/face-api-weights.js';

/** face-api's FaceExpressionNet, rebuilt on fused kernels: same weights, same logits. */
export class FaceExpressionNet {
  private constructor(private readonly weights: tf.NamedTensorMap) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(): Promise<FaceExpressionNet> {
    return new FaceExpressionNet(await readFaceApiWeights('face_expression_model'));
  }

  /**
   * @param input aligned RGB faces, 0..255. [B, 112, 112, 3]
   * @returns logits in the order of EXPRESSIONS_7. [B, 7]
   */
  logits(input: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const features = extractDenseFeatures(input, this.weights, 4); // [B, 1, 1, 256]
      const flat = tf.reshape<tf.Rank.R2>(features, [input.shape[0], -1]); // [B, 256]
      return tf.add(tf.matMul(flat, this.weights['fc/weights'] as tf.Tensor2D), this.weights['fc/bias']!); // [B, 7]
    });
  }

  dispose(): void {
    tf.dispose(this.weights);
  }
}

export { DENSE_INPUT_SIZE as FACE_EXPRESSION_INPUT_SIZE };
