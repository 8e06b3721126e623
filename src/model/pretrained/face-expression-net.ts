import { FACE_API_MEAN_RGB } from './pixel-scaling.js';
import { tf } from '../tfjs.js';
import { DENSE_INPUT_SIZE, FULL_LAYOUT, denseHead, extractDenseFeatures } from './dense-feature-extractor.js';
import { disposeWeights, loadFaceApiWeights } from './weight-files.js';
import type { WeightMap } from './weight-files.js';

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
