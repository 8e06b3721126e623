import { NAW_PARAMETERS } from './naw-parameters.js';
import { crossEntropy } from './cross-entropy.js';
import { nawSchedule } from './naw.js';
import { nla } from './nla.js';
import type { JsdVariant } from './jsd.js';
import type { NawParameters } from './naw-parameters.js';
import type { Method } from './method.js';

export interface NlaMethodOptions {
  readonly lambda?: number;
  readonly consistency?: JsdVariant;
  readonly detachWeights?: boolean;
  /** First epochs with cross entropy alone. A network that starts from nothing needs them. */
  readonly warmUpEpochs?: number;
  readonly naw?: Partial<NawParameters>;
}

/** Navigating Label Ambiguity (arXiv 2502.09993). The schedule of the weights begins after the warm-up. */
export function nlaMethod({
  lambda = 0.5,
  consistency = 'paper',
  detachWeights = false,
  warmUpEpochs = 0,
  naw = {},
}: NlaMethodOptions = {}): Method {
  const parameters: NawParameters = { ...NAW_PARAMETERS.nla, ...naw };
  return {
    name: 'nla',
    secondView: ({ epoch }) => (epoch < warmUpEpochs ? 'none' : 'mirrored'),
    loss(logits, mirrored, labels, { epoch, epochs }) {
      if (epoch < warmUpEpochs) {
        const { loss } = crossEntropy(logits, labels);
        return { loss, parts: { crossEntropy: loss.clone() } };
      }
      const epsilon = nawSchedule(epoch - warmUpEpochs, epochs - warmUpEpochs, parameters.slope);
      const result = nla(logits, mirrored!, labels, {
        naw: { parameters, epsilon, detachWeights },
        lambda,
        consistency,
      });
      return {
        loss: result.loss,
        parts: {
          crossEntropy: result.meanCrossEntropy,
          supervised: result.supervised,
          consistency: result.consistency,
          meanWeight: result.weight.mean(),
        },
      };
    },
  };
}
