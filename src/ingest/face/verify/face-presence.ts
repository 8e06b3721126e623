import type { Frame } from '../../frame.js';
import { squareToFrame } from '../align/geometry.js';
import type { FaceWindow } from '../align/geometry.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { humanNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { warpRgb } from '../align/warp.js';

const INPUT_SIZE = 192;
const SCALING: PixelScaling = { gain: 1 / 255, offset: [0, 0, 0] };

/**
 * The presence output of MediaPipe's face mesh (weights from @vladmandic/human): trained to tell windows with
 * a face from wrong proposals of a detector or follower. Only the layers behind that output run.
 * RGB over 255 [B, 192, 192, 3] -> [B, 1, 1, 1]
 */
export const PRESENCE: Network = humanNetwork(
  { name: 'presence', title: 'Face mesh, presence', size: INPUT_SIZE, outputs: ['presence'], range: [0, 1] },
  'facemesh',
  ['Identity_1'],
);

/** Tells faces from what a detector takes for one. */
export class FacePresence {
  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<FacePresence> {
    return new FacePresence(await open(PRESENCE));
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
    const [presence] = await this.session.run([{ data: pixels, shape: [windows.length, INPUT_SIZE, INPUT_SIZE, 3] }]);
    return [...presence!.data];
  }

  dispose(): void {
    this.session.dispose();
  }
}
