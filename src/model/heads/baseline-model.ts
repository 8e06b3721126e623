import * as tf from '@tensorflow/tfjs';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import type { Clip, ClipContext, ExpressionModel } from '../expression-model.js';
import { EXPRESSIONS_7 } from '../label-set.js';
import { FACE_EXPRESSION_INPUT_SIZE, FaceExpressionNet } from '../pretrained/face-expression-net.js';

/**
 * Mean positions of eyes and mouth in the crops that face-api itself feeds to FaceExpressionNet
 * (25 faces of 7 photos; face-api frames them by the landmarks' bounding box plus 20 %).
 */
const CROP: CropGeometry = {
  size: FACE_EXPRESSION_INPUT_SIZE,
  channels: 3,
  eyes: { x: 0.5, y: 0.28 },
  mouth: { x: 0.5, y: 0.65 },
};

/** Crops per pass; each takes some 12 MB of activations. */
const BATCH = 32;

/** The reference for our own models: face-api's FaceExpressionNet. Classifies every crop by itself; its features are the posteriors. */
export class BaselineModel implements ExpressionModel {
  readonly name = 'baseline';
  readonly version = 'face-api-1.7';
  readonly labels = EXPRESSIONS_7;
  readonly crop = CROP;
  readonly framing = 'aligned';
  readonly flipTta = false;
  readonly trainingPrior = null;
  readonly qualityCalibration = null;
  readonly context: ClipContext = { past: 0, future: 0, hop: 1 };

  private constructor(private readonly net: FaceExpressionNet) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(): Promise<BaselineModel> {
    return new BaselineModel(await FaceExpressionNet.load());
  }

  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for (let first = 0; first < crops.length; first += BATCH)
      rows.push(...(await this.encodeBatch(crops.slice(first, first + BATCH))));
    return rows;
  }

  private async encodeBatch(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const posteriors = tf.tidy(() => {
      const faces = crops.map(({ data }) => tf.tensor3d(data, [CROP.size, CROP.size, CROP.channels]));
      return tf.softmax(this.net.logits(tf.stack(faces) as tf.Tensor4D)); // [B, 7]
    });
    const values = (await posteriors.data()) as Float32Array;
    posteriors.dispose();
    const classes = this.labels.size;
    return crops.map((_, face) => values.slice(face * classes, (face + 1) * classes));
  }

  classify({ features, from, to }: Clip): Promise<Float32Array[]> {
    return Promise.resolve(features.slice(from, to));
  }

  dispose(): void {
    this.net.dispose();
  }
}
