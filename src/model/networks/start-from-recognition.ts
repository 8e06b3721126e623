import { tf } from '../tfjs.js';
import { disposeRecognition, loadRecognitionWeights, RECOGNITION_BLOCKS } from '../pretrained/recognition-weights.js';
import type { Convolution } from '../pretrained/recognition-weights.js';
import { FACE_RESNET_BLOCKS } from './face-resnet.js';

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
