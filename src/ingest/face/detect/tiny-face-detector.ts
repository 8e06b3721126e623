import { tf } from '../../../model/tfjs.js';
import type { Frame } from '../../frame.js';
import type { Detection, DetectorScores, FaceDetector, Search } from './detector.js';
import { rollOf, wholeFrame, mergeOverlapping } from './detector.js';
import { boxToFrame, fillLetterbox, fitLetterbox, type Letterbox } from './letterbox.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { type WeightMap, weight } from '../../../model/pretrained/weight-files.js';
import { faceApiNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { type QuarterTurn, turnUpright } from './quarter-turn.js';

const INPUT_SIZE = 320;
const MEAN = [117.001, 114.697, 97.404] as const;
const SCALING: PixelScaling = { gain: 1 / 255, offset: [-MEAN[0] / 255, -MEAN[1] / 255, -MEAN[2] / 255] };
const OVERLAP = 0.4;
const LEAK = 0.10000000149011612;
/** Numbers per anchor: centre, size, score. */
const VALUES = 5;
/** Width and height in cells. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;

/** face-api's TinyFaceDetector, layers fused. RGB less the mean colour, over 255 [B, S, S, 3] -> [B, cells, cells, anchors * 5] */
export const TINY_FACE_DETECTOR: Network = faceApiNetwork(
  { name: 'tiny-face-detector', title: 'TinyFaceDetector', size: INPUT_SIZE, outputs: ['cells'], range: [-0.5, 0.6] },
  'tiny_face_detector_model',
  (image, weights) => [cellsOf(image, weights)],
);

/** Finds large faces fast. */
export class TinyFaceDetector implements FaceDetector {
  readonly name = 'tiny';
  readonly adjustable = false;
  readonly scores: DetectorScores = { low: 0.25, high: 0.4, strong: 0.6 };

  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<TinyFaceDetector> {
    return new TinyFaceDetector(await open(TINY_FACE_DETECTOR));
  }

  async detect(frame: Frame, { region = wholeFrame(frame), quarter = 0 }: Search = {}): Promise<Detection[]> {
    const size = INPUT_SIZE;
    const letterbox = fitLetterbox(region, size, size, 'start');
    const pixels = new Float32Array(size * size * 3);
    fillLetterbox(frame, letterbox, SCALING, pixels);
    const [cells] = await this.session.run([
      { data: turnUpright(pixels, letterbox, quarter).pixels, shape: [1, size, size, 3] },
    ]);
    const { data, shape } = cells!;
    return mergeOverlapping(decode(data, shape[1]!, size, letterbox, quarter, this.scores.low), OVERLAP);
  }

  dispose(): void {
    this.session.dispose();
  }
}

function cellsOf(image: tf.Tensor4D, weights: WeightMap): tf.Tensor4D {
  let x = tf.fused.conv2d({
    x: image,
    filter: weight(weights, 'conv0/filters'),
    bias: weight(weights, 'conv0/bias'),
    strides: 1,
    pad: 'valid',
    activation: 'leakyrelu',
    leakyreluAlpha: LEAK,
  });
  for (let layer = 1; layer <= 5; layer++) x = separable(tf.maxPool(x, 2, 2, 'same'), weights, `conv${layer}`);
  // What follows the last pooling (stride 1) is one plain convolution.
  return tf.fused.conv2d({
    x: tf.maxPool(x, 2, 1, 'same'),
    filter: weight(weights, 'conv8/filters'),
    bias: weight(weights, 'conv8/bias'),
    strides: 1,
    pad: 'valid',
  });
}

function separable(x: tf.Tensor4D, weights: WeightMap, name: string): tf.Tensor4D {
  return tf.fused.conv2d({
    x: tf.depthwiseConv2d(x, weight<tf.Rank.R4>(weights, `${name}/depthwise_filter`), 1, 'same'),
    filter: weight(weights, `${name}/pointwise_filter`),
    bias: weight(weights, `${name}/bias`),
    strides: 1,
    pad: 'valid',
    activation: 'leakyrelu',
    leakyreluAlpha: LEAK,
  });
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function decode(
  values: ArrayLike<number>,
  cells: number,
  size: number,
  letterbox: Letterbox,
  quarter: QuarterTurn,
  low: number,
): Detection[] {
  const detections: Detection[] = [];
  // Stock face-api takes a cell for 1 / cells of the input, although pooling rounds the true stride.
  const cell = size / cells;
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      for (const [anchor, [anchorWidth, anchorHeight]] of ANCHORS.entries()) {
        const at = ((row * cells + column) * ANCHORS.length + anchor) * VALUES;
        const score = sigmoid(values[at + 4]!);
        if (score < low) continue;
        const width = Math.exp(values[at + 2]!) * anchorWidth * cell;
        const height = Math.exp(values[at + 3]!) * anchorHeight * cell;
        const x = (column + sigmoid(values[at]!)) * cell;
        const y = (row + sigmoid(values[at + 1]!)) * cell;
        detections.push({
          score,
          box: boxToFrame(letterbox, { x, y }, { width, height }, quarter),
          keypoints: null,
          roll: rollOf(null, quarter),
        });
      }
    }
  }
  return detections;
}
