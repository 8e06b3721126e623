import { tf } from '../../../model/tfjs.js';
import type { Frame } from '../../frame.js';
import type { Detection, DetectorScores, FaceDetector, Search } from './detector.js';
import { rollOf, wholeFrame, mergeOverlapping } from './detector.js';
import { boxToFrame, fillLetterbox, fitLetterbox, type Letterbox } from './letterbox.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { disposeWeights, loadFaceApiWeights, type WeightMap, weight } from '../../../model/pretrained/weight-files.js';
import { faceApiNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { type QuarterTurn, turnUpright } from './quarter-turn.js';

const WEIGHTS = 'ssd_mobilenetv1_model';
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

interface SsdWeights {
  readonly all: WeightMap;
  readonly depthwise: readonly Depthwise[];
}

/**
 * face-api's SSD on MobileNet v1: batch norms folded, layers fused. RGB in -1..1 [1, 512, 512, 3] -> box codes [1, A, 4], class
 * scores [1, A, 3], and the anchors as y0, x0, y1, x1 [1, A, 4]
 */
export const SSD_MOBILENET: Network = faceApiNetwork<SsdWeights>(
  {
    name: 'ssd',
    title: 'SsdMobileNet',
    size: INPUT_SIZE,
    batch: 1,
    outputs: ['boxes', 'classes', 'anchors'],
    range: [-1, 1],
  },
  WEIGHTS,
  (image, weights) => forward(image, weights),
  {
    async load() {
      const all = await loadFaceApiWeights(WEIGHTS);
      const depthwise = Array.from({ length: BACKBONE_LAYERS }, (_, i) =>
        foldBatchNorm(all, `MobilenetV1/Conv2d_${i + 1}_depthwise`),
      );
      return { all, depthwise };
    },
    dispose({ all, depthwise }) {
      disposeWeights(all);
      for (const { filter, bias } of depthwise) tf.dispose([filter, bias]);
    },
  },
);

/** Slow. */
export class SsdMobileNet implements FaceDetector {
  readonly name = 'ssd';
  readonly adjustable = false;
  readonly scores: DetectorScores = { low: 0.3, high: 0.5, strong: 0.8 };

  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<SsdMobileNet> {
    return new SsdMobileNet(await open(SSD_MOBILENET));
  }

  async detect(frame: Frame, { region = wholeFrame(frame), quarter = 0 }: Search = {}): Promise<Detection[]> {
    const letterbox = fitLetterbox(region, INPUT_SIZE, INPUT_SIZE, 'start');
    const pixels = new Float32Array(INPUT_SIZE * INPUT_SIZE * 3);
    fillLetterbox(frame, letterbox, SCALING, pixels);
    const [boxes, classes, anchors] = await this.session.run([
      { data: turnUpright(pixels, letterbox, quarter).pixels, shape: [1, INPUT_SIZE, INPUT_SIZE, 3] },
    ]);
    return mergeOverlapping(
      decode(boxes!.data, classes!.data, anchors!.data, letterbox, quarter, this.scores.low),
      OVERLAP,
    );
  }

  dispose(): void {
    this.session.dispose();
  }
}

function forward(image: tf.Tensor4D, { all, depthwise }: SsdWeights): tf.Tensor[] {
  let x = pointwise(image, all, 'MobilenetV1/Conv2d_0_pointwise', 2);
  const sources: tf.Tensor4D[] = [];
  for (let layer = 1; layer <= BACKBONE_LAYERS; layer++) {
    const { filter, bias } = depthwise[layer - 1]!;
    const strides = HALVING.has(layer) ? 2 : 1;
    x = tf.fused.depthwiseConv2d({ x, filter, bias, strides, pad: 'same', activation: 'relu6' });
    x = pointwise(x, all, `MobilenetV1/Conv2d_${layer}_pointwise`, 1);
    if (layer === FINE_LAYER || layer === BACKBONE_LAYERS) sources.push(x);
  }
  for (let layer = 0; layer < EXTRA_LAYERS; layer++) {
    const halves = layer % 2 === 1;
    x = pointwise(x, all, `Prediction/Conv2d_${layer}_pointwise`, halves ? 2 : 1);
    if (halves) sources.push(x);
  }
  const predictions = (kind: string, values: number): tf.Tensor =>
    tf.concat(
      sources.map((source, i) => predict(source, all, `Prediction/BoxPredictor_${i}/${kind}Predictor`, values)),
      1,
    );
  return [predictions('BoxEncoding', 4), predictions('Class', CLASSES), tf.clone(weight(all, 'Output/extra_dim'))];
}

function pointwise(x: tf.Tensor4D, weights: WeightMap, name: string, strides: 1 | 2): tf.Tensor4D {
  return tf.fused.conv2d({
    x,
    filter: weight(weights, `${name}/weights`),
    bias: weight(weights, `${name}/convolution_bn_offset`),
    strides,
    pad: 'same',
    activation: 'relu6',
  });
}

function predict(x: tf.Tensor4D, weights: WeightMap, name: string, values: number): tf.Tensor3D {
  const output = tf.fused.conv2d({
    x,
    filter: weight(weights, `${name}/weights`),
    bias: weight(weights, `${name}/biases`),
    strides: 1,
    pad: 'same',
  });
  return tf.reshape(output, [1, -1, values]);
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
