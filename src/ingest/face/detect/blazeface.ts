import type { Frame } from '../../frame.js';
import type { Detection, DetectorScores, FaceDetector, Search } from './detector.js';
import { rollOf, wholeFrame, mergeOverlapping } from './detector.js';
import type { Box, Point } from '../align/geometry.js';
import { boxToFrame, fillLetterbox, fitLetterbox, type Letterbox, toFrame } from './letterbox.js';
import type { PixelScaling } from '../../../model/pretrained/pixel-scaling.js';
import { humanNetwork, openTfjsSession } from '../../../model/sessions/tfjs-session.js';
import type { Network, NetworkSession, OpenSession } from '../../../model/sessions/network.js';
import { type QuarterTurn, turnBack, turnUpright } from './quarter-turn.js';

/** Longer sides of the input in pixels; trained at the largest, but fully convolutional. */
const INPUT_SIZES = [128, 192, 256] as const;
/** Faces of at least this side in input pixels are found as reliably as in the largest input. */
const SURE_FACE = 19;
/** Both feature grids keep their anchors only when the input divides evenly down to the coarser one. */
const INPUT_MULTIPLE = 32;
const SCALING: PixelScaling = { gain: 1 / 127.5, offset: [-1, -1, -1] };
/** Numbers per anchor: box centre, box size, then six points. */
const VALUES = 16;
const KEYPOINTS = 6;
const OVERLAP = 0.3;

/** A feature grid: pixels per cell, anchors per cell. */
interface Grid {
  readonly stride: number;
  readonly anchors: number;
}
const FINE: Grid = { stride: 16, anchors: 2 };
const COARSE: Grid = { stride: 32, anchors: 6 };

/**
 * MediaPipe's BlazeFace for the back camera (weights from @vladmandic/human). RGB in -1..1 [B, H, W, 3] -> scores and boxes of
 * the fine grid, then of the coarse one [B, h, w, anchors * (1 | 16)]
 */
export const BLAZEFACE: Network = humanNetwork(
  {
    name: 'blazeface',
    title: 'BlazeFace',
    size: INPUT_SIZES[2],
    anySize: true,
    outputs: ['Identity', 'Identity_2', 'Identity_1', 'Identity_3'],
    range: [-1, 1],
  },
  'blazeface',
);

/** The default detector. */
export class BlazeFace implements FaceDetector {
  readonly name = 'blazeface';
  readonly adjustable = true;
  readonly scores: DetectorScores = { low: 0.4, high: 0.5, strong: 0.6 };

  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<BlazeFace> {
    return new BlazeFace(await open(BLAZEFACE));
  }

  async detect(
    frame: Frame,
    { region = wholeFrame(frame), smallest = 0, quarter = 0 }: Search = {},
  ): Promise<Detection[]> {
    const letterbox = fitLetterbox(region, inputSize(region, smallest), INPUT_MULTIPLE);
    const pixels = new Float32Array(letterbox.width * letterbox.height * 3);
    fillLetterbox(frame, letterbox, SCALING, pixels);
    const upright = turnUpright(pixels, letterbox, quarter);
    const [fineScores, fineBoxes, coarseScores, coarseBoxes] = await this.session.run([
      { data: upright.pixels, shape: [1, upright.height, upright.width, 3] },
    ]);
    return mergeOverlapping(
      [
        ...decode(FINE, letterbox, quarter, fineScores!.data, fineBoxes!.data, this.scores.low),
        ...decode(COARSE, letterbox, quarter, coarseScores!.data, coarseBoxes!.data, this.scores.low),
      ],
      OVERLAP,
    );
  }

  dispose(): void {
    this.session.dispose();
  }
}

function inputSize(region: Box, smallest: number): number {
  const longer = Math.max(region.width, region.height);
  return INPUT_SIZES.find((size) => (smallest * size) / longer >= SURE_FACE) ?? INPUT_SIZES[INPUT_SIZES.length - 1]!;
}

function decode(
  grid: Grid,
  letterbox: Letterbox,
  quarter: QuarterTurn,
  scores: ArrayLike<number>,
  values: ArrayLike<number>,
  low: number,
): Detection[] {
  const threshold = Math.log(low / (1 - low));
  const columns = (quarter % 2 === 1 ? letterbox.height : letterbox.width) / grid.stride;
  const place = (point: Point): Point => toFrame(letterbox, turnBack(point, letterbox, quarter));
  const detections: Detection[] = [];
  for (let i = 0; i < scores.length; i++) {
    const logit = scores[i]!;
    if (logit < threshold) continue;
    const cell = Math.floor(i / grid.anchors);
    const x = ((cell % columns) + 0.5) * grid.stride;
    const y = (Math.floor(cell / columns) + 0.5) * grid.stride;
    const at = i * VALUES;
    const width = values[at + 2]!;
    const height = values[at + 3]!;
    const center = { x: x + values[at]!, y: y + values[at + 1]! };
    const keypoints = Array.from({ length: KEYPOINTS }, (_, k) =>
      place({ x: x + values[at + 4 + 2 * k]!, y: y + values[at + 5 + 2 * k]! }),
    );
    detections.push({
      score: 1 / (1 + Math.exp(-logit)),
      box: boxToFrame(letterbox, center, { width, height }, quarter),
      keypoints,
      roll: rollOf(keypoints, quarter),
    });
  }
  return detections;
}
