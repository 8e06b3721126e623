import { dnfer } from './dnfer.js';
import type { Method } from './method.js';

export interface DnferMethodOptions {
  readonly alpha?: number;
  readonly warmUpEpochs?: number;
}

/** Dynamic adaptive threshold (arXiv 2208.10221): weak and strong view of every image. */
export function dnferMethod({ alpha = 0.5, warmUpEpochs = 5 }: DnferMethodOptions = {}): Method {
  return {
    name: 'dnfer',
    secondView: () => 'strong',
    loss(weak, strong, labels, { epoch }) {
      const result = dnfer(weak, strong!, labels, { alpha, warmUp: epoch < warmUpEpochs });
      return {
        loss: result.loss,
        parts: {
          supervised: result.supervised,
          consistency: result.consistency,
          cleanShareWeak: result.weak.clean.mean(),
          cleanShareStrong: result.strong.clean.mean(),
        },
      };
    },
  };
}
