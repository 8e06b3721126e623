import { crossEntropy } from './cross-entropy.js';
import type { CrossEntropyOptions } from './cross-entropy.js';
import type { Method } from './method.js';

/** Plain cross entropy: what the others are measured against. */
export function crossEntropyMethod(options: CrossEntropyOptions = {}): Method {
  return {
    name: 'ce',
    secondView: () => 'none',
    loss(logits, _second, labels) {
      const { loss } = crossEntropy(logits, labels, options);
      return { loss, parts: { crossEntropy: loss.clone() } };
    },
  };
}
