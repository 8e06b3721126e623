import { tf } from '../../../model/tfjs.js';
import type { Frame } from '../../frame.js';
import { FACE_API_SCALING } from '../../../model/pretrained/pixel-scaling.js';
import { fitSimilarity } from '../align/geometry.js';
import type { Point } from '../align/geometry.js';
import {
  RECOGNITION_BLOCKS,
  disposeRecognition,
  loadRecognitionWeights,
} from '../../../model/pretrained/recognition-weights.js';
import type { RecognitionWeights } from '../../../model/pretrained/recognition-weights.js';
import { faceApiNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { warpRgb } from '../align/warp.js';

const INPUT_SIZE = 150;

/** 128 numbers; the Euclidean distance between two of them says how unlike two faces are. */
export type FaceEmbedding = Float32Array;

/** Where the network's training data (dlib's face chips) had the eyes' corners and the nose's base, in a unit square with a margin around it. */
const MARGIN = 0.25;
const TEMPLATE: readonly (readonly [landmark: number, x: number, y: number])[] = [
  [36, 0.1205750620789, 0.2137274526848],
  [39, 0.3340850613712, 0.2290642403242],
  [42, 0.6460604764104, 0.2289674387677],
  [45, 0.8595674595992, 0.2134981538014],
  [33, 0.4901123135679, 0.6277975316475],
];
const TEMPLATE_POINTS = TEMPLATE.map(([, x, y]) => ({
  x: ((MARGIN + x) / (1 + 2 * MARGIN)) * INPUT_SIZE,
  y: ((MARGIN + y) / (1 + 2 * MARGIN)) * INPUT_SIZE,
}));

/** face-api's FaceRecognitionNet (dlib's ResNet). RGB less face-api's mean, over 255 [B, 150, 150, 3] -> [B, 128] */
export const FACE_EMBEDDING: Network = faceApiNetwork<RecognitionWeights>(
  { name: 'embedding', title: 'FaceRecognitionNet', size: INPUT_SIZE, outputs: ['embedding'], range: [-0.5, 0.6] },
  'face_recognition_model',
  (image, weights) => [embed(image, weights)],
  { load: loadRecognitionWeights, dispose: disposeRecognition },
);

/** Embeds faces: the nearer two embeddings, the more alike the faces. */
export class EmbeddingNet {
  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<EmbeddingNet> {
    return new EmbeddingNet(await open(FACE_EMBEDDING));
  }

  /** @param faces 68 points each, in pixels of the frame */
  async embed(frame: Frame, faces: readonly (readonly Point[])[]): Promise<FaceEmbedding[]> {
    if (faces.length === 0) return [];
    const length = INPUT_SIZE * INPUT_SIZE * 3;
    const pixels = new Float32Array(faces.length * length);
    for (const [i, landmarks] of faces.entries()) {
      const corners = TEMPLATE.map(([landmark]) => landmarks[landmark]!);
      warpRgb(frame, fitSimilarity(TEMPLATE_POINTS, corners), INPUT_SIZE, FACE_API_SCALING, pixels, i * length);
    }
    const [embeddings] = await this.session.run([{ data: pixels, shape: [faces.length, INPUT_SIZE, INPUT_SIZE, 3] }]);
    const size = embeddings!.shape[1]!;
    return faces.map((_, i) => embeddings!.data.slice(i * size, (i + 1) * size));
  }

  dispose(): void {
    this.session.dispose();
  }
}

function embed(image: tf.Tensor4D, weights: RecognitionWeights): tf.Tensor2D {
  let x = convolve(image, weights, 'conv32_down', 2, 'relu');
  x = tf.maxPool<tf.Tensor4D>(x, 3, 2, 'valid');
  for (const block of RECOGNITION_BLOCKS) x = residual(x, weights, block, block.includes('down'));
  return tf.matMul(tf.mean<tf.Tensor2D>(x, [1, 2]), weights.projection);
}

function residual(x: tf.Tensor4D, weights: RecognitionWeights, block: string, down: boolean): tf.Tensor4D {
  const inner = convolve(x, weights, `${block}/conv1`, down ? 2 : 1, 'relu');
  const out = convolve(inner, weights, `${block}/conv2`, 1, 'linear');
  if (!down) return tf.relu(tf.add<tf.Tensor4D>(x, out));
  const pooled = tf.avgPool(x, 2, 2, 'valid');
  // Where strides leave one row and column less, or channels are doubled, the missing part counts as zero.
  const [, height, width, channels] = pooled.shape;
  const grown = tf.pad<tf.Tensor4D>(out, [
    [0, 0],
    [0, height - out.shape[1]],
    [0, width - out.shape[2]],
    [0, 0],
  ]);
  const widened = tf.pad<tf.Tensor4D>(pooled, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, out.shape[3] - channels],
  ]);
  return tf.relu(tf.add<tf.Tensor4D>(widened, grown));
}

function convolve(
  x: tf.Tensor4D,
  weights: RecognitionWeights,
  name: string,
  strides: 1 | 2,
  activation: 'relu' | 'linear',
): tf.Tensor4D {
  const { filter, bias } = weights.convolutions.get(name)!;
  return tf.fused.conv2d({ x, filter, bias, strides, pad: strides === 2 ? 'valid' : 'same', activation });
}

export function embeddingDistance(a: FaceEmbedding, b: FaceEmbedding): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
