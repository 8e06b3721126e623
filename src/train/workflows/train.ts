import type { TrainConfig } from '../config/train-config.js';
import type { TrainOptions, TrainingOutcome } from '../trainer/train-options.js';
import { trainOn } from './train-and-audit.js';

/**
 * Trains as configured, into a run folder from which it can resume after any interruption, and audits the labels by what the run saw. The engine must be open.
 * @throws FerError FOLDER_IN_USE, CONFIG_INVALID, INPUT_NOT_FOUND, OUTPUT_UNWRITABLE, WORKER_FAILED
 */
export function train(config: TrainConfig, path: string, options: TrainOptions = {}): Promise<TrainingOutcome> {
  return trainOn(null, config, path, options);
}
