import * as tf from '@tensorflow/tfjs';
import type { Frame } from '../../frame.js';
import { FACE_API_SCALING } from './pixel-scaling.js';
import type { FaceWindow } from './face-window.js';
import type { Point } from './geometry.js';
import {
  DENSE_INPUT_SIZE,
  type DenseLayout,
  denseHead,
  extractDenseFeatures,
  FULL_LAYOUT,
  TINY_LAYOUT,
} from '../../../model/pretrained/dense-feature-extractor.js';
import { disposeWeights, loadFaceApiWeights, type WeightMap } from '../../../model/pretrained/weight-files.js';
import { applySimilarity, type Similarity, squareToFrame } from './similarity.js';
import { warpRgb } from './warp.js';

const INPUT_SIZE = DENSE_INPUT_SIZE;
const POINTS = 68;

export type LandmarkNetName = 'full' | 'tiny';

const NETWORKS: Readonly<Record<LandmarkNetName, { readonly weights: string; readonly layout: DenseLayout }>> = {
  full: { weights: 'face_landmark_68_model', layout: FULL_LAYOUT },
  tiny: { weights: 'face_landmark_68_tiny_model', layout: TINY_LAYOUT },
};

/** face-api's 68-point landmark networks, layers fused. */
export class LandmarkNet {
  private constructor(
    private readonly weights: WeightMap,
    private readonly layout: DenseLayout,
  ) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(name: LandmarkNetName): Promise<LandmarkNet> {
    const { weights, layout } = NETWORKS[name];
    return new LandmarkNet(await loadFaceApiWeights(weights), layout);
  }

  /** The 68 points, in pixels of the frame, of the face in each window; one network call for all. */
  async locate(frame: Frame, windows: readonly FaceWindow[]): Promise<Point[][]> {
    if (windows.length === 0) return [];
    const pixels = new Float32Array(windows.length * INPUT_SIZE * INPUT_SIZE * 3);
    const transforms = windows.map(({ center, side, angle }, i) => {
      const toFrame = squareToFrame(INPUT_SIZE, center, side, angle);
      warpRgb(frame, toFrame, INPUT_SIZE, FACE_API_SCALING, pixels, i * INPUT_SIZE * INPUT_SIZE * 3);
      return toFrame;
    });
    const input = tf.tensor4d(pixels, [windows.length, INPUT_SIZE, INPUT_SIZE, 3]);
    const output = tf.tidy(() => this.forward(input));
    input.dispose();
    const values = await output.data();
    output.dispose();
    return transforms.map((toFrame, face) => pointsOf(values, face, toFrame));
  }

  /**
   * The network itself.
   * @param input [B, 112, 112, 3], RGB less face-api's mean, over 255
   * @returns x, y of every point as a share of the input's side [B, 136]
   * @internal keeps TensorFlow.js' types out of the public declarations
   */
  forward(input: tf.Tensor4D): tf.Tensor2D {
    return denseHead(extractDenseFeatures(input, this.weights, this.layout), this.weights);
  }

  dispose(): void {
    disposeWeights(this.weights);
  }
}

function pointsOf(values: ArrayLike<number>, face: number, toFrame: Similarity): Point[] {
  return Array.from({ length: POINTS }, (_, i) => {
    const at = (face * POINTS + i) * 2;
    return applySimilarity(toFrame, { x: values[at]! * INPUT_SIZE, y: values[at + 1]! * INPUT_SIZE });
  });
}
