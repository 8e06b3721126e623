import * as tf from '@tensorflow/tfjs';
import type { Frame } from '../../frame.js';
import type { Detection, DetectorScores, FaceDetector, Search } from './detector.js';
import { rollOf, wholeFrame } from './detector.js';
import { boxToFrame, fillLetterbox, fitLetterbox, type Letterbox } from './letterbox.js';
import type { PixelScaling } from '../align/pixel-scaling.js';
import { disposeWeights, loadFaceApiWeights, type WeightMap, weight } from '../../../model/pretrained/weight-files.js';
import { mergeOverlapping } from './non-max-suppression.js';
import { type QuarterTurn, turnUpright } from './quarter-turn.js';

const INPUT_SIZE = 512;
const SCALING: PixelScaling = { gain: 1 / 127.5, offset: [-1, -1, -1] };
const OVERLAP = 0.5;
const EPSILON = 0.0010000000474974513;
/** Layers of the backbone with stride 2, besides the first. */
const HALVING: ReadonlySet<number> = new Set([2, 4, 6, 12]);
const BACKBONE_LAYERS = 13;
/** The finest predictions are made from this layer. */
const FINE_LAYER = 11;
const EXTRA_LAYERS = 8;
const CLASSES = 3;
const FACE_CLASS = 1;

interface Depthwise {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
}

/** face-api's SSD on MobileNet v1: batch norms folded, layers fused. Slow. */
export class SsdMobileNet implements FaceDetector {
  readonly name = 'ssd';
  readonly adjustable = false;
  readonly scores: DetectorScores = { low: 0.3, high: 0.5, strong: 0.8 };

  private constructor(
    private readonly weights: WeightMap,
    private readonly depthwise: readonly Depthwise[],
    private readonly anchors: ArrayLike<number>,
  ) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(): Promise<SsdMobileNet> {
    const weights = await loadFaceApiWeights('ssd_mobilenetv1_model');
    const anchors = await weight(weights, 'Output/extra_dim').data(); // [1, anchors, (y0, x0, y1, x1)]
    const depthwise = Array.from({ length: BACKBONE_LAYERS }, (_, i) =>
      foldBatchNorm(weights, `MobilenetV1/Conv2d_${i + 1}_depthwise`),
    );
    return new SsdMobileNet(weights, depthwise, anchors);
  }

  async detect(frame: Frame, { region = wholeFrame(frame), quarter = 0 }: Search = {}): Promise<Detection[]> {
    const letterbox = fitLetterbox(region, INPUT_SIZE, INPUT_SIZE, 'start');
    const pixels = new Float32Array(INPUT_SIZE * INPUT_SIZE * 3);
    fillLetterbox(frame, letterbox, SCALING, pixels);
    const input = tf.tensor4d(turnUpright(pixels, letterbox, quarter).pixels, [1, INPUT_SIZE, INPUT_SIZE, 3]);
    const [boxes, classes] = tf.tidy(() => this.forward(input));
    input.dispose();
    const [boxValues, classValues] = await Promise.all([boxes.data(), classes.data()]);
    tf.dispose([boxes, classes]);
    return mergeOverlapping(decode(boxValues, classValues, this.anchors, letterbox, quarter, this.scores.low), OVERLAP);
  }

  dispose(): void {
    disposeWeights(this.weights);
    for (const { filter, bias } of this.depthwise) tf.dispose([filter, bias]);
  }

  /** @returns box codes [1, anchors, 4] and class scores [1, anchors, 3] */
  forward(input: tf.Tensor4D): [tf.Tensor, tf.Tensor] {
    let x = this.pointwise(input, 'MobilenetV1/Conv2d_0_pointwise', 2);
    const sources: tf.Tensor4D[] = [];
    for (let layer = 1; layer <= BACKBONE_LAYERS; layer++) {
      const { filter, bias } = this.depthwise[layer - 1]!;
      const strides = HALVING.has(layer) ? 2 : 1;
      x = tf.fused.depthwiseConv2d({ x, filter, bias, strides, pad: 'same', activation: 'relu6' });
      x = this.pointwise(x, `MobilenetV1/Conv2d_${layer}_pointwise`, 1);
      if (layer === FINE_LAYER || layer === BACKBONE_LAYERS) sources.push(x);
    }
    for (let layer = 0; layer < EXTRA_LAYERS; layer++) {
      const halves = layer % 2 === 1;
      x = this.pointwise(x, `Prediction/Conv2d_${layer}_pointwise`, halves ? 2 : 1);
      if (halves) sources.push(x);
    }
    return [
      tf.concat(
        sources.map((source, i) => this.predict(source, `Prediction/BoxPredictor_${i}/BoxEncodingPredictor`, 4)),
        1,
      ),
      tf.concat(
        sources.map((source, i) => this.predict(source, `Prediction/BoxPredictor_${i}/ClassPredictor`, CLASSES)),
        1,
      ),
    ];
  }

  private pointwise(x: tf.Tensor4D, name: string, strides: 1 | 2): tf.Tensor4D {
    return tf.fused.conv2d({
      x,
      filter: weight(this.weights, `${name}/weights`),
      bias: weight(this.weights, `${name}/convolution_bn_offset`),
      strides,
      pad: 'same',
      activation: 'relu6',
    });
  }

  private predict(x: tf.Tensor4D, name: string, values: number): tf.Tensor3D {
    const output = tf.fused.conv2d({
      x,
      filter: weight(this.weights, `${name}/weights`),
      bias: weight(this.weights, `${name}/biases`),
      strides: 1,
      pad: 'same',
    });
    return tf.reshape(output, [1, -1, values]);
  }
}

function foldBatchNorm(weights: WeightMap, name: string): Depthwise {
  return tf.tidy(() => {
    const norm = (part: string): tf.Tensor1D => weight<tf.Rank.R1>(weights, `${name}/BatchNorm/${part}`);
    const gain = tf.div<tf.Tensor1D>(norm('gamma'), tf.sqrt(tf.add(norm('moving_variance'), EPSILON)));
    return {
      filter: tf.mul<tf.Tensor4D>(
        weight<tf.Rank.R4>(weights, `${name}/depthwise_weights`),
        tf.reshape(gain, [1, 1, -1, 1]),
      ),
      bias: tf.sub<tf.Tensor1D>(norm('beta'), tf.mul(norm('moving_mean'), gain)),
    };
  });
}

/** @see SSD's box code: offsets in tenths of the anchor's size, sizes as logarithms in fifths */
function decode(
  codes: ArrayLike<number>,
  classes: ArrayLike<number>,
  anchors: ArrayLike<number>,
  letterbox: Letterbox,
  quarter: QuarterTurn,
  low: number,
): Detection[] {
  const detections: Detection[] = [];
  for (let i = 0; i < anchors.length / 4; i++) {
    const score = 1 / (1 + Math.exp(-classes[i * CLASSES + FACE_CLASS]!));
    if (score < low) continue;
    const top = anchors[4 * i]!;
    const left = anchors[4 * i + 1]!;
    const anchorHeight = anchors[4 * i + 2]! - top;
    const anchorWidth = anchors[4 * i + 3]! - left;
    const y = (codes[4 * i]! / 10) * anchorHeight + top + anchorHeight / 2;
    const x = (codes[4 * i + 1]! / 10) * anchorWidth + left + anchorWidth / 2;
    const height = Math.exp(codes[4 * i + 2]! / 5) * anchorHeight;
    const width = Math.exp(codes[4 * i + 3]! / 5) * anchorWidth;
    const center = { x: x * INPUT_SIZE, y: y * INPUT_SIZE };
    const size = { width: width * INPUT_SIZE, height: height * INPUT_SIZE };
    detections.push({
      score,
      box: boxToFrame(letterbox, center, size, quarter),
      keypoints: null,
      roll: rollOf(null, quarter),
    });
  }
  return detections;
}
