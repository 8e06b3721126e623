import { tf } from '../src/model/tfjs.js';
import type { CropGeometry, FaceCrop } from '../src/model/crop-geometry.js';
import { DEFAULT_CROP } from '../src/model/crop-geometry.js';
import { LabelSet } from '../src/model/label-set.js';
import { GraphNetwork } from '../src/model/pretrained/graph-network.js';
import { loadHumanGraph } from '../src/model/pretrained/weight-files.js';

const INPUT_SIZE = 64;
/** Logits for every place of the picture; the graph averages them and takes the softmax. */
const LOGIT_MAP = 'StatefulPartitionedCall/model_1/conv2d_5/BiasAdd';
/** What human multiplies red, green and blue with. */
const GREY = [0.2989, 0.587, 0.114];

/**
 * The emotion network of @vladmandic/human, fed as its own code feeds it (src/gear/emotion.ts): bilinear to 64x64, grey, -1..1. It was trained on FER2013, whose
 * framing DEFAULT_CROP is; in that framing it gets the faces that we find.
 */
export class HumanEmotionNet {
  readonly labels = new LabelSet('human-emotion', [
    'anger',
    'disgust',
    'fear',
    'happiness',
    'sadness',
    'surprise',
    'neutral',
  ]);
  readonly crop: CropGeometry = { ...DEFAULT_CROP, channels: 3 };

  private constructor(private readonly network: GraphNetwork) {}

  static async load(): Promise<HumanEmotionNet> {
    const { nodes, weights } = await loadHumanGraph('emotion');
    return new HumanEmotionNet(new GraphNetwork(nodes, weights, [LOGIT_MAP]));
  }

  /** Posteriors of each crop. [B][7] */
  async answer(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const { size, channels } = this.crop;
    const posteriors = tf.tidy(() => {
      const pictures = tf.stack(crops.map(({ data }) => tf.tensor3d(data, [size, size, channels]))) as tf.Tensor4D; // [B, S, S, 3]
      const resized = tf.image.resizeBilinear(pictures.div<tf.Tensor4D>(255), [INPUT_SIZE, INPUT_SIZE]);
      const grey = resized.mul(tf.tensor1d(GREY)).sum(3, true); // [B, 64, 64, 1]
      const [logits] = this.network.run(grey.sub(0.5).mul(2)); // [B, 4, 4, 7]
      return tf.softmax(logits!.mean<tf.Tensor2D>([1, 2]));
    });
    const values = (await posteriors.data()) as Float32Array;
    posteriors.dispose();
    return crops.map((_, i) => values.slice(i * this.labels.size, (i + 1) * this.labels.size));
  }

  dispose(): void {
    this.network.dispose();
  }
}
