import { tf } from '../tfjs.js';
import { disposeWeights, loadFaceApiWeights, weight } from './weight-files.js';
import type { WeightMap } from './weight-files.js';

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
  const weights = await loadFaceApiWeights('face_recognition_model');
  try {
    const names = ['conv32_down', ...RECOGNITION_BLOCKS.flatMap((block) => [`${block}/conv1`, `${block}/conv2`])];
    return {
      convolutions: new Map(names.map((name) => [name, foldScale(weights, name)])),
      projection: weight<tf.Rank.R2>(weights, 'fc').clone(),
    };
  } finally {
    disposeWeights(weights);
  }
}

export function disposeRecognition({ convolutions, projection }: RecognitionWeights): void {
  for (const { filter, bias } of convolutions.values()) tf.dispose([filter, bias]);
  projection.dispose();
}

/** conv, then `* weights + biases`, as one convolution. */
function foldScale(weights: WeightMap, name: string): Convolution {
  return tf.tidy(() => {
    const gain = weight<tf.Rank.R1>(weights, `${name}/scale/weights`);
    const shift = weight<tf.Rank.R1>(weights, `${name}/scale/biases`);
    return {
      filter: tf.mul<tf.Tensor4D>(weight<tf.Rank.R4>(weights, `${name}/conv/filters`), gain),
      bias: tf.add<tf.Tensor1D>(tf.mul(weight<tf.Rank.R1>(weights, `${name}/conv/bias`), gain), shift),
    };
  });
}
