import type * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { describeInitialised, initialiseFrom } from '../../model/checkpoint/initialise-from.js';
import { loadCheckpoint } from '../../model/checkpoint/load-checkpoint.js';
import type { LabelSet } from '../../model/label-set.js';

/** Lines on weights that do not fit; a network of another width has dozens. */
const EXAMPLES = 6;

/**
 * Gives a network the weights of a checkpoint wherever they fit, and says what did not. A last layer for as many but other classes, or the same in another
 * order, would fit and be wrong: it is initialised randomly.
 * @param labels what the network is to tell apart
 * @throws FerError MODEL_INCOMPATIBLE where nothing does: training would silently begin at random; and what reading a checkpoint throws
 */
export async function startFrom(
  model: tf.LayersModel,
  checkpoint: string,
  labels: LabelSet,
  onMessage: (line: string) => void = () => undefined,
): Promise<void> {
  const { model: from, info } = await loadCheckpoint(checkpoint);
  try {
    const there = info.labelSet.labels;
    const isOfOthers = there.length === labels.size && there.some((label, i) => label !== labels.labels[i]);
    const initialised = initialiseFrom(model, from, isOfOthers ? ['logits'] : []);
    // Two classifiers of as many classes share the shape of the last bias, whatever lies before it.
    if (initialised.matched.every((name) => name.startsWith('logits/'))) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `init: no weight of ${checkpoint} fits this network: give it the settings of "network" that the other run was trained with (in its config.json), or leave --init out`,
      );
    }
    const [count = '', ...others] = describeInitialised(initialised);
    const rest = others.length - EXAMPLES;
    const reset = isOfOthers
      ? [
          `the last layer starts with random weights: its classes there are ${there.join(', ')}, here ${labels.labels.join(', ')}`,
        ]
      : [];
    for (const line of [count, ...reset, ...others.slice(0, EXAMPLES), ...(rest > 0 ? [`and ${rest} more`] : [])])
      onMessage(line);
  } finally {
    from.dispose();
  }
}
