import type * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { describeInitialised, initialiseFrom, loadCheckpoint } from '../../model/checkpoint/index.js';

/** Lines on weights that do not fit; a network of another width has dozens. */
const EXAMPLES = 6;

/**
 * Gives a network the weights of a checkpoint wherever they fit, and says what did not.
 * @throws FerError MODEL_INCOMPATIBLE where nothing does: training would silently begin at random; and what reading a checkpoint throws
 */
export async function startFrom(model: tf.LayersModel, checkpoint: string, onMessage: (line: string) => void = () => undefined): Promise<void> {
  const { model: from } = await loadCheckpoint(checkpoint);
  try {
    const initialised = initialiseFrom(model, from);
    // Two classifiers of as many classes share the shape of the last bias, whatever lies before it.
    if (initialised.matched.every((name) => name.startsWith('logits/'))) {
      throw new FerError('MODEL_INCOMPATIBLE', `init: no weight of ${checkpoint} fits this network: give it the settings of "network" that the other run was trained with (in its config.json), or leave --init out`);
    }
    const [count = '', ...others] = describeInitialised(initialised);
    const rest = others.length - EXAMPLES;
    for (const line of [count, ...others.slice(0, EXAMPLES), ...(rest > 0 ? [`and ${rest} more`] : [])]) onMessage(line);
  } finally {
    from.dispose();
  }
}
