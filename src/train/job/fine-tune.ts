import { readCheckpointInfo } from '../../model/checkpoint/load-checkpoint.js';
import { FRAME_PART } from '../../model/heads/model-folder.js';
import { trainedPart } from '../../model/heads/shipped-models.js';
import type { Settings } from '../config/read-config.js';

/** Low for what is trained already, high for a new last layer; networks without normalisation need the slow start. */
const GENTLE = { optimizer: { lr: 3e-4, headLrFactor: 10 }, warmUpEpochs: 0.5 };

/**
 * Settings under those of the user for a run that starts from a trained frame network: the same network, and gentle learning rates.
 * @param init "default", or a model folder
 * @returns nothing where the checkpoint does not say how it was built, or is an ensemble
 * @throws FerError WEIGHTS_MISSING when it holds no model
 */
export async function fineTuneSettings(init: string): Promise<Settings> {
  const { recipe } = await readCheckpointInfo(await trainedPart(init, FRAME_PART));
  const { config } = recipe;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return {};
  const { network } = config;
  if (typeof network !== 'object' || network === null || Array.isArray(network)) return {};
  return network['name'] === 'ensemble' || network['name'] === 'temporal' ? {} : { network, ...GENTLE };
}
