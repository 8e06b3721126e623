import { RECOGNITION_BLOCKS, disposeRecognition, loadRecognitionWeights } from '../pretrained/recognition-weights.js';
import type { Convolution } from '../pretrained/recognition-weights.js';
import { tf } from '../tfjs.js';
import { Enlarge } from './layers.js';
import { pictureInput, pooledEncoder, relu } from './residual-net.js';
import type { PictureOptions, Seeds } from './residual-net.js';

/**
 * Typical standard deviation of face pixels (0 to 255) over the 255 by which the recognition network divides: one unit of a standardised image.
 */
const UNIT = 56 / 255;

/**
 * Initialises a face ResNet (face-resnet.ts) with the weights of face-api's recognition network. The stem of a grey network is the sum over the
 * colours; the shortcuts start as the 2x2 mean that the recognition network takes there, with zeros in the new channels.
 * @param model with the layers of a face ResNet; other layers are unchanged
 * @returns number of weights copied
 * @throws FerError WEIGHTS_MISSING
 */
export async function startFromRecognition(model: tf.LayersModel): Promise<number> {
  const recognition = await loadRecognitionWeights();
  try {
    return tf.tidy(() => {
      let taken = 0;
      const give = (layer: string, weights: readonly tf.Tensor[]): void => {
        model.getLayer(layer).setWeights([...weights]);
        taken += weights.length;
      };
      const of = (name: string): Convolution => recognition.convolutions.get(name)!;

      const stem = of('conv32_down');
      const isGrey = model.inputs[0]!.shape.at(-1) === 1;
      give('stem_conv', [tf.mul(isGrey ? stem.filter.sum(2, true) : stem.filter, UNIT), stem.bias]);

      for (const [place, { name, filters, halves }] of FACE_RESNET_BLOCKS.entries()) {
        for (const i of [1, 2]) {
          const { filter, bias } = of(`${RECOGNITION_BLOCKS[place]!}/conv${i}`);
          give(`${name}_${i}_conv`, [filter, bias]);
        }
        if (halves) give(`${name}_shortcut_conv`, [meanOfFour(filters / 2, filters), tf.zeros([filters])]);
      }
      return taken;
    });
  } finally {
    disposeRecognition(recognition);
  }
}

/** [2, 2, from, to] */
function meanOfFour(from: number, to: number): tf.Tensor4D {
  return tf.tile(tf.mul(tf.eye(from, to), 0.25).reshape<tf.Tensor4D>([1, 1, from, to]), [2, 2, 1, 1]);
}

/** Input sizes at which both ways of halving a feature map agree in every stage (83 with a row of padding in the last). The original network takes 150. */
export const FACE_RESNET_SIDES = [67, 83, 99, 131, 163] as const;
type FaceResNetSide = (typeof FACE_RESNET_SIDES)[number];

interface FaceResNetOptions extends PictureOptions {
  /** Side to which crops are resized first; larger is more accurate and slower. */
  readonly enlargeTo?: FaceResNetSide;
}

interface FaceResNetBlock {
  /** Prefix of its layers' names. */
  readonly name: string;
  readonly filters: number;
  /** Whether it halves the feature map, as the first block of every stage after the first does. */
  readonly halves: boolean;
}

/** Channels and residual blocks of each stage. */
const STAGES: readonly (readonly [filters: number, blocks: number])[] = [
  [32, 3],
  [64, 4],
  [128, 3],
  [256, 1],
];

/** Residual blocks in order. */
const FACE_RESNET_BLOCKS: readonly FaceResNetBlock[] = STAGES.flatMap(([filters, blocks], stage) =>
  Array.from({ length: blocks }, (_, block) => ({
    name: `stage${stage + 1}_block${block + 1}`,
    filters,
    halves: stage > 0 && block === 0,
  })),
);

/**
 * Frame encoder shaped as the first eleven blocks of dlib's ResNet for face recognition (King 2017, after He et al. 2016), so that it can start from that
 * network's weights (startFromRecognition). It has no batch normalisation; with random weights its blocks start as the identity.
 * Pixels of any range (StandardiseImage). 2.2 M parameters. [B, S, S, C] -> features [B, 256]
 */
export function faceResNet({ enlargeTo = 99, ...options }: FaceResNetOptions = {}): tf.LayersModel {
  const { input, picture, seeds } = pictureInput(options);
  let x = new Enlarge({ name: 'enlarge', size: enlargeTo }).apply(picture) as tf.SymbolicTensor; // [B, E, E, C]
  x = relu(convolution(x, seeds, 'stem', 32, 7, 2), 'stem'); // [B, (E - 5) / 2, (E - 5) / 2, 32]
  x = tf.layers
    .maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2, padding: 'valid' })
    .apply(x) as tf.SymbolicTensor; // [B, (E - 7) / 4, (E - 7) / 4, 32]
  for (const block of FACE_RESNET_BLOCKS) x = plainBlock(x, block, seeds); // [B, 2, 2, 256] at the end, for E = 99
  return pooledEncoder('face_resnet', input, x); // [B, 256]
}

/** Basic residual block with biases instead of normalisation; where it halves the feature map, the shortcut is a 2x2 convolution. [B, H, W, C] -> [B, H / s, W / s, filters] */
function plainBlock(x: tf.SymbolicTensor, { name, filters, halves }: FaceResNetBlock, seeds: Seeds): tf.SymbolicTensor {
  // 'same' halves an even side by a row of padding at its end; an odd one needs none.
  const padding = halves && x.shape[1]! % 2 === 1 ? 'valid' : 'same';
  const first = relu(convolution(x, seeds, `${name}_1`, filters, 3, halves ? 2 : 1, false, padding), `${name}_1`);
  const second = convolution(first, seeds, `${name}_2`, filters, 3, 1, !halves);
  const shortcut = halves ? convolution(x, seeds, `${name}_shortcut`, filters, 2, 2) : x;
  return relu(tf.layers.add({ name: `${name}_sum` }).apply([second, shortcut]) as tf.SymbolicTensor, name);
}

function convolution(
  x: tf.SymbolicTensor,
  seeds: Seeds,
  name: string,
  filters: number,
  kernelSize: number,
  strides: number,
  fromZero = false,
  padding: 'same' | 'valid' = strides === 1 ? 'same' : 'valid',
): tf.SymbolicTensor {
  const seed = seeds.next();
  const kernelInitializer = fromZero ? tf.initializers.zeros() : tf.initializers.heNormal({ seed });
  return tf.layers
    .conv2d({
      name: `${name}_conv`,
      filters,
      kernelSize,
      strides,
      padding,
      kernelInitializer,
    })
    .apply(x) as tf.SymbolicTensor;
}
