import * as tf from '@tensorflow/tfjs';
import type { Frame } from '../../frame.js';
import type { FaceWindow } from '../align/face-window.js';
import type { PixelScaling } from '../align/pixel-scaling.js';
import { GraphNetwork } from '../../../model/pretrained/graph-network.js';
import { loadHumanGraph } from '../../../model/pretrained/weight-files.js';
import { squareToFrame } from '../align/similarity.js';
import { warpRgb } from '../align/warp.js';

const INPUT_SIZE = 192;
const SCALING: PixelScaling = { gain: 1 / 255, offset: [0, 0, 0] };
export const PRESENCE_OUTPUT = 'Identity_1';

/**
 * The presence output of MediaPipe's face mesh (weights from @vladmandic/human): trained to tell windows with
 * a face from wrong proposals of a detector or follower. Only the layers behind that output run.
 */
export class FacePresence {
  private constructor(private readonly network: GraphNetwork) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(): Promise<FacePresence> {
    const { nodes, weights } = await loadHumanGraph('facemesh');
    return new FacePresence(new GraphNetwork(nodes, weights, [PRESENCE_OUTPUT]));
  }

  /**
   * @param windows squares about 1.5 times as wide as the face's box
   * @returns 0..1 for each
   */
  async probabilities(frame: Frame, windows: readonly FaceWindow[]): Promise<number[]> {
    if (windows.length === 0) return [];
    const length = INPUT_SIZE * INPUT_SIZE * 3;
    const pixels = new Float32Array(windows.length * length);
    for (const [i, { center, side, angle }] of windows.entries()) {
      warpRgb(frame, squareToFrame(INPUT_SIZE, center, side, angle), INPUT_SIZE, SCALING, pixels, i * length);
    }
    const input = tf.tensor4d(pixels, [windows.length, INPUT_SIZE, INPUT_SIZE, 3]);
    const [output] = this.network.run(input); // [B, 1, 1, 1]
    input.dispose();
    const values = await output!.data();
    output!.dispose();
    return [...values];
  }

  dispose(): void {
    this.network.dispose();
  }
}
