import type { Frame } from '../../frame.js';
import { FACE_API_SCALING } from '../../../model/pretrained/pixel-scaling.js';
import { type Similarity, applySimilarity, squareToFrame } from './geometry.js';
import type { FaceWindow, Point } from './geometry.js';
import {
  DENSE_INPUT_SIZE,
  type DenseLayout,
  FULL_LAYOUT,
  TINY_LAYOUT,
  denseHead,
  extractDenseFeatures,
} from '../../../model/pretrained/face-api-nets.js';
import { faceApiNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { warpRgb } from './warp.js';

const INPUT_SIZE = DENSE_INPUT_SIZE;
const POINTS = 68;

export type LandmarkNetName = 'full' | 'tiny';

const LAYOUTS: Readonly<
  Record<LandmarkNetName, { readonly name: string; readonly file: string; readonly layout: DenseLayout }>
> = {
  full: { name: 'landmarks-full', file: 'face_landmark_68_model', layout: FULL_LAYOUT },
  tiny: { name: 'landmarks', file: 'face_landmark_68_tiny_model', layout: TINY_LAYOUT },
};

/**
 * face-api's 68-point landmark networks, layers fused. RGB less face-api's mean, over 255 [B, 112, 112, 3] -> x, y of every
 * point as a share of the input's side [B, 136]
 */
export function landmarkNetwork(which: LandmarkNetName): Network {
  const { name, file, layout } = LAYOUTS[which];
  const about = {
    name,
    title: `68 landmarks, ${which}`,
    size: INPUT_SIZE,
    outputs: ['points'],
    range: [-0.5, 0.6],
  } as const;
  return faceApiNetwork(about, file, (image, weights) => [
    denseHead(extractDenseFeatures(image, weights, layout), weights),
  ]);
}

/** Finds the 68 points of faces whose place is roughly known. */
export class LandmarkNet {
  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(name: LandmarkNetName, open: OpenSession = openTfjsSession): Promise<LandmarkNet> {
    return new LandmarkNet(await open(landmarkNetwork(name)));
  }

  /** The 68 points, in pixels of the frame, of the face in each window; one network call for all. */
  async locate(frame: Frame, windows: readonly FaceWindow[]): Promise<Point[][]> {
    if (windows.length === 0) return [];
    const pixels = new Float32Array(windows.length * INPUT_SIZE * INPUT_SIZE * 3);
    const transforms = windows.map(({ center, side, angle }, i) => {
      const toFrame = squareToFrame(INPUT_SIZE, center, side, angle);
      warpRgb(frame, toFrame, INPUT_SIZE, FACE_API_SCALING, pixels, i * INPUT_SIZE * INPUT_SIZE * 3);
      return toFrame;
    });
    const [points] = await this.session.run([{ data: pixels, shape: [windows.length, INPUT_SIZE, INPUT_SIZE, 3] }]);
    return transforms.map((toFrame, face) => pointsOf(points!.data, face, toFrame));
  }

  dispose(): void {
    this.session.dispose();
  }
}

function pointsOf(values: ArrayLike<number>, face: number, toFrame: Similarity): Point[] {
  return Array.from({ length: POINTS }, (_, i) => {
    const at = (face * POINTS + i) * 2;
    return applySimilarity(toFrame, { x: values[at]! * INPUT_SIZE, y: values[at + 1]! * INPUT_SIZE });
  });
}
