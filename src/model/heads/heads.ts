import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Clip, ClipContext } from '../expression-model.js';
import { SelfAttention } from '../networks/self-attention.js';
import { rowsOf } from '../sessions/network.js';
import type { NetworkSession, OpenSession, Values } from '../sessions/network.js';
import { tf } from '../tfjs.js';
import { readRows, temporalNetwork, toPosteriors } from './model-networks.js';
import type { Calibration } from './model-networks.js';

/** Classifier of the frame network: features of one crop -> posteriors. */
export class FrameHead {
  /** @param classifier the frame network; the caller disposes it */
  constructor(
    private readonly classifier: tf.LayersModel,
    private readonly calibration: Calibration,
  ) {}

  /** [D] -> [1][C] */
  async classify(features: Float32Array): Promise<Float32Array[]> {
    return readRows(
      tf.tidy(() => {
        const rows = tf.tensor2d(features, [1, features.length]); // [1, D]
        return toPosteriors(this.classifier.getLayer('logits').apply(rows) as tf.Tensor2D, this.calibration); // [1, C]
      }),
    );
  }
}

/** Temporal network: features of a clip -> posteriors of its frames. */
export class TemporalHead {
  readonly context: ClipContext;
  private readonly masked: boolean;

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly session: NetworkSession,
    clipFrames: number,
  ) {
    const causal = model.layers.some((layer) => layer instanceof SelfAttention && layer.getConfig()['causal'] === true);
    this.context = clipContext(clipFrames, causal);
    this.masked = model.inputs.length > 1;
  }

  /** @param temporal disposed with the head @param version hash of the model folder */
  static async open(temporal: Checkpoint, version: string, open: OpenSession): Promise<TemporalHead> {
    const session = await open(temporalNetwork(temporal, version));
    return new TemporalHead(temporal.model, session, temporal.info.clipFrames ?? DEFAULT_CLIP_FRAMES);
  }

  /** Posteriors of frames from..to-1; the others are context. [to - from][C] */
  async classify({ features, from, to }: Pick<Clip, 'features' | 'from' | 'to'>): Promise<Float32Array[]> {
    const width = features[0]?.length ?? 0;
    const clip: Values = { data: joined(features, width), shape: [1, features.length, width] };
    const present: Values = { data: new Float32Array(features.length).fill(1), shape: [1, features.length] };
    const [posteriors] = await this.session.run(this.masked ? [clip, present] : [clip]); // [1, T, C]
    return rowsOf(posteriors!).slice(from, to);
  }

  dispose(): void {
    this.session.dispose();
    this.model.dispose();
  }
}

function joined(features: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(features.length * width);
  for (const [t, row] of features.entries()) all.set(row, t * width);
  return all;
}

/** Clip length for temporal networks without `clipFrames`: about a second. */
const DEFAULT_CLIP_FRAMES = 32;

/**
 * Clip window of a temporal network: as many observations as in training, of which half are classified and half are context before and
 * after; for a causal network all context is before.
 */
export function clipContext(clipFrames: number, causal: boolean): ClipContext {
  const hop = Math.ceil(clipFrames / 2);
  const rest = clipFrames - hop;
  const past = causal ? rest : Math.floor(rest / 2);
  return { past, future: rest - past, hop };
}
