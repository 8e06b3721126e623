import { closest } from '../errors/closest.js';
import { FerError } from '../errors/fer-error.js';
import { BaselineModel } from './baseline/baseline-model.js';
import type { ExpressionModel } from './expression-model.js';
import { MODEL_NAMES } from './model-names.js';
import type { ModelName } from './model-names.js';
import { isModelFolder, modelFolderHash, TrainedModel } from './trained/index.js';

/** Who sits in the model's seat; the only place that knows. */
const MODELS: Readonly<Record<ModelName, () => Promise<ExpressionModel>>> = {
  baseline: () => BaselineModel.load(),
};

/**
 * Loads an expression model into the engine that TensorFlow.js is set to.
 * @param nameOrFolder a model that ships with ferstream, or the folder of a trained one: one frame checkpoint, or `frame/` and `temporal/`.
 *   A folder with the name of a shipped model has to be written as a path ("./baseline").
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID for a name that is neither
 */
export async function openModel(nameOrFolder: string): Promise<ExpressionModel> {
  const name = await shippedName(nameOrFolder);
  return name === null ? TrainedModel.load(nameOrFolder) : MODELS[name]();
}

/**
 * What tells one model from another: the name of a shipped one, "sha256:..." of a trained one's content.
 * @throws FerError as `openModel` does
 */
export async function identifyModel(nameOrFolder: string): Promise<string> {
  return (await shippedName(nameOrFolder)) ?? modelFolderHash(nameOrFolder);
}

/** Null for a folder. */
async function shippedName(nameOrFolder: string): Promise<ModelName | null> {
  const name = MODEL_NAMES.find((known) => known === nameOrFolder);
  if (name !== undefined) return name;
  if (/[/\\]/.test(nameOrFolder) || (await isModelFolder(nameOrFolder))) return null;
  throw new FerError('CONFIG_INVALID', `model: "${nameOrFolder}" is no model; did you mean "${closest(nameOrFolder, MODEL_NAMES)}"? The folder of a trained model can be given too, as in ./${nameOrFolder}`);
}
