import { tf } from '../tfjs.js';
import { readFaceApiWeights, weightIn } from './weight-files.js';
import type { WeightValues } from './weight-files.js';

/** Residual blocks in order; those with "down" in their name halve the picture. */
export const RECOGNITION_BLOCKS = [
  'conv32_1',
  'conv32_2',
  'conv32_3',
  'conv64_down',
  'conv64_1',
  'conv64_2',
  'conv64_3',
  'conv128_down',
  'conv128_1',
  'conv128_2',
  'conv256_down',
  'conv256_1',
  'conv256_2',
  'conv256_down_out',
] as const;

export interface Convolution {
  /** [K, K, in, out] */
  readonly filter: tf.Tensor4D;
  /** [out] */
  readonly bias: tf.Tensor1D;
}

export interface RecognitionWeights {
  /** By name: "conv32_down" (the stem), then "<block>/conv1" and "<block>/conv2". */
  readonly convolutions: ReadonlyMap<string, Convolution>;
  /** From the mean over the picture to the embedding. [256, 128] */
  readonly projection: tf.Tensor2D;
}

/**
 * face-api's FaceRecognitionNet (dlib's ResNet), its scale layers folded into the convolutions. The holder disposes it (disposeRecognition).
 * @throws FerError WEIGHTS_MISSING
 */
export async function loadRecognitionWeights(): Promise<RecognitionWeights> {
  const weights = await readFaceApiWeights('face_recognition_model');
  const names = ['conv32_down', ...RECOGNITION_BLOCKS.flatMap((block) => [`${block}/conv1`, `${block}/conv2`])];
  const { values, shape } = weightIn(weights, 'fc');
  const folded = names.map((name) => foldScale(weights, name)); // before any tensor: one of them may be missing
  return {
    convolutions: new Map(
      folded.map(({ filter, filterShape, bias }, i) => [
        names[i]!,
        { filter: tf.tensor4d(filter, filterShape), bias: tf.tensor1d(bias) },
      ]),
    ),
    projection: tf.tensor2d(values, shape as [number, number]),
  };
}

export function disposeRecognition({ convolutions, projection }: RecognitionWeights): void {
  for (const { filter, bias } of convolutions.values()) tf.dispose([filter, bias]);
  projection.dispose();
}

interface FoldedScale {
  readonly filter: Float32Array;
  readonly filterShape: [number, number, number, number];
  readonly bias: Float32Array;
}

/** conv, then `* weights + biases`, as one convolution; computed here, so that an engine need not hold both. */
function foldScale(weights: ReadonlyMap<string, WeightValues>, name: string): FoldedScale {
  const valuesOf = (part: string): Float32Array => Float32Array.from(weightIn(weights, `${name}/${part}`).values);
  const gain = valuesOf('scale/weights');
  const shift = valuesOf('scale/biases');
  const { values, shape } = weightIn(weights, `${name}/conv/filters`);
  return {
    filter: scaled(values, gain),
    filterShape: shape as [number, number, number, number],
    bias: scaled(valuesOf('conv/bias'), gain).map((value, channel) => value + shift[channel]!),
  };
}

/** [..., C] * [C] -> [..., C] */
function scaled(values: Float32Array | Int32Array, gain: Float32Array): Float32Array {
  const products = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += gain.length)
    for (let channel = 0; channel < gain.length; channel++)
      products[i + channel] = values[i + channel]! * gain[channel]!;
  return products;
}
