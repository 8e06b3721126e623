import * as tf from '@tensorflow/tfjs';
import type { Frame } from '../frame.js';
import type { FaceWindow } from './face-window.js';
import type { Point } from './geometry.js';
import type { PixelScaling } from './letterbox.js';
import { disposeWeights, loadFaceApiWeights, type WeightMap, weight } from './nets/weight-files.js';
import { applySimilarity, type Similarity, squareToFrame } from './similarity.js';
import { warpRgb } from './warp.js';

const INPUT_SIZE = 112;
const POINTS = 68;
const MEAN = [122.782, 117.001, 104.298] as const;
const SCALING: PixelScaling = { gain: 1 / 255, offset: [-MEAN[0] / 255, -MEAN[1] / 255, -MEAN[2] / 255] };

export type LandmarkNetName = 'full' | 'tiny';

interface Layout {
  readonly weights: string;
  readonly blocks: number;
  /** Separable convolutions in a block, the first (down-scaling) one included. */
  readonly convolutions: number;
}

const LAYOUTS: Readonly<Record<LandmarkNetName, Layout>> = {
  full: { weights: 'face_landmark_68_model', blocks: 4, convolutions: 4 },
  tiny: { weights: 'face_landmark_68_tiny_model', blocks: 3, convolutions: 3 },
};

/** face-api's 68-point landmark networks, their layers fused. */
export class LandmarkNet {
  private constructor(
    private readonly weights: WeightMap,
    private readonly layout: Layout,
  ) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(name: LandmarkNetName): Promise<LandmarkNet> {
    const layout = LAYOUTS[name];
    return new LandmarkNet(await loadFaceApiWeights(layout.weights), layout);
  }

  /** The 68 points, in pixels of the frame, of the face in each window; one network call for all. */
  async locate(frame: Frame, windows: readonly FaceWindow[]): Promise<Point[][]> {
    if (windows.length === 0) return [];
    const pixels = new Float32Array(windows.length * INPUT_SIZE * INPUT_SIZE * 3);
    const transforms = windows.map(({ center, side, angle }, i) => {
      const toFrame = squareToFrame(INPUT_SIZE, center, side, angle);
      warpRgb(frame, toFrame, INPUT_SIZE, SCALING, pixels, i * INPUT_SIZE * INPUT_SIZE * 3);
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
   */
  forward(input: tf.Tensor4D): tf.Tensor2D {
    let x = input;
    for (let block = 0; block < this.layout.blocks; block++) x = this.denseBlock(x, block);
    const features = tf.mean(x, [1, 2]); // [B, D]
    return tf.add(tf.matMul(features as tf.Tensor2D, weight<tf.Rank.R2>(this.weights, 'fc/weights')), weight(this.weights, 'fc/bias'));
  }

  dispose(): void {
    disposeWeights(this.weights);
  }

  /** Every convolution sees the rectified sum of all outputs before it. */
  private denseBlock(input: tf.Tensor4D, block: number): tf.Tensor4D {
    const first =
      block === 0
        ? tf.fused.conv2d({
            x: input,
            filter: weight(this.weights, 'dense0/conv0/filters'),
            bias: weight(this.weights, 'dense0/conv0/bias'),
            strides: 2,
            pad: 'same',
            activation: 'relu',
          })
        : this.separable(input, `dense${block}/conv0`, 2, 'relu');
    let sum = first;
    let x = first;
    for (let i = 1; i < this.layout.convolutions; i++) {
      sum = tf.add(sum, this.separable(x, `dense${block}/conv${i}`, 1, 'linear'));
      x = tf.relu(sum);
    }
    return x;
  }

  private separable(x: tf.Tensor4D, name: string, strides: 1 | 2, activation: 'relu' | 'linear'): tf.Tensor4D {
    return tf.fused.conv2d({
      x: tf.depthwiseConv2d(x, weight<tf.Rank.R4>(this.weights, `${name}/depthwise_filter`), strides, 'same'),
      filter: weight(this.weights, `${name}/pointwise_filter`),
      bias: weight(this.weights, `${name}/bias`),
      strides: 1,
      pad: 'valid',
      activation,
    });
  }
}

function pointsOf(values: ArrayLike<number>, face: number, toFrame: Similarity): Point[] {
  return Array.from({ length: POINTS }, (_, i) => {
    const at = (face * POINTS + i) * 2;
    return applySimilarity(toFrame, { x: values[at]! * INPUT_SIZE, y: values[at + 1]! * INPUT_SIZE });
  });
}
