import type * as tf from '@tensorflow/tfjs';
import { NAW_PARAMETERS } from './naw-parameters.js';
import { nawSchedule } from './naw.js';
import { vNaw } from './v-naw.js';
import type { JsdVariant } from './jsd.js';
import type { NawParameters } from './naw-parameters.js';
import type { Method } from './method.js';

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
      // The loss does not look at which clip a frame belongs to, so each may be a clip of its own.
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
