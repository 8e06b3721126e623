import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { jsd } from './jsd.js';
import type { JsdVariant } from './jsd.js';
import { nawCrossEntropy } from './naw.js';
import { NAW_PARAMETERS, nawSchedule } from './naw-bell.js';
import type { NawOptions, NawWeights } from './naw.js';
import type { NawParameters } from './naw-bell.js';
import type { Method } from './method.js';

export interface VNawOptions {
  readonly naw: NawOptions;
  /** a: share of the plain cross entropy, in [0, 1]. Published: 0.5. */
  readonly a?: number;
  /** b: weight of the consistency term. Published: 0.4. */
  readonly b?: number;
  /** Form of the consistency term. Default `paper`. */
  readonly consistency?: JsdVariant;
}

/** Frame by frame, clip after clip: N = B T. */
export type VNawResult = NawWeights & {
  /** [] */
  loss: tf.Scalar;
  /** mean(w CE). [] */
  weightedCrossEntropy: tf.Scalar;
  /** mean(CE). [] */
  meanCrossEntropy: tf.Scalar;
  /** JSD between the clip and its mirror image. [] */
  consistency: tf.Scalar;
  /** [N] */
  crossEntropy: tf.Tensor1D;
};

/**
 * V-NAW (CVPR workshops 2025, arXiv 2503.15970): every frame of the batch's clips is a sample.
 *
 *     L = a mean(CE) + (1 - a) mean(w CE) + b JSD(p(clip), p(flipped clip))
 *
 * @param logits [B, T, C]
 * @param flipped logits of the same clips, mirrored left to right [B, T, C]
 * @param labels class indices [B, T] (negative: that frame has no label), or votes [B, T, C]
 * @throws FerError CONFIG_INVALID for shapes that do not fit.
 */
export function vNaw(
  logits: tf.Tensor3D,
  flipped: tf.Tensor3D,
  labels: tf.Tensor2D | tf.Tensor3D,
  options: VNawOptions,
): VNawResult {
  const { naw, a = 0.5, b = 0.4, consistency: variant = 'paper' } = options;
  const [clips, frames, classes] = logits.shape;
  if (labels.shape[0] !== clips || labels.shape[1] !== frames) {
    throw new FerError(
      'CONFIG_INVALID',
      `labels [${labels.shape.join(', ')}] do not fit logits [${logits.shape.join(', ')}]; give [B, T] indices or [B, T, C] votes`,
    );
  }
  return tf.tidy(() => {
    const samples = logits.reshape<tf.Tensor2D>([-1, classes]); // [N, C]
    const mirrored = flipped.reshape<tf.Tensor2D>([-1, flipped.shape[2]]); // [N, C]
    const truth =
      labels.rank === 2 ? labels.reshape<tf.Tensor1D>([-1]) : labels.reshape<tf.Tensor2D>([-1, labels.shape[2]!]); // [N] or [N, C]
    const { loss: weightedCrossEntropy, ...parts } = nawCrossEntropy(samples, truth, naw);
    const consistency = jsd(samples, mirrored, variant).loss;
    const supervised = parts.meanCrossEntropy.mul(a).add(weightedCrossEntropy.mul(1 - a));
    return { ...parts, loss: supervised.add<tf.Scalar>(consistency.mul(b)), weightedCrossEntropy, consistency };
  });
}

export interface VNawMethodOptions {
  readonly a?: number;
  readonly b?: number;
  readonly consistency?: JsdVariant;
  readonly detachWeights?: boolean;
  readonly naw?: Partial<NawParameters>;
}

/** V-NAW (arXiv 2503.15970): every frame of the batch's clips is a sample. */
export function vNawMethod({
  a = 0.5,
  b = 0.4,
  consistency = 'paper',
  detachWeights = false,
  naw = {},
}: VNawMethodOptions = {}): Method {
  const parameters: NawParameters = { ...NAW_PARAMETERS['v-naw'], ...naw };
  return {
    name: 'v-naw',
    secondView: () => 'mirrored',
    loss(logits, mirrored, labels, { epoch, epochs }) {
      const epsilon = nawSchedule(epoch, epochs, parameters.slope);
      // The loss ignores which clip a frame belongs to, so each frame may be a clip.
      const clips = labels.expandDims<tf.Tensor2D | tf.Tensor3D>(1); // [N, 1] or [N, 1, C]
      const result = vNaw(logits.expandDims(1), mirrored!.expandDims(1), clips, {
        naw: { parameters, epsilon, detachWeights },
        a,
        b,
        consistency,
      });
      return {
        loss: result.loss,
        parts: {
          crossEntropy: result.meanCrossEntropy,
          weightedCrossEntropy: result.weightedCrossEntropy,
          consistency: result.consistency,
          meanWeight: result.weight.mean(),
        },
      };
    },
  };
}
