import { closest } from '../../errors/closest.js';
import { FerError } from '../../errors/fer-error.js';
import { BaselineModel } from './baseline-model.js';
import type { ExpressionModel, ModelName } from '../expression-model.js';
import { MODEL_NAMES } from '../expression-model.js';
import { SHIPPED_MODELS, shippedFolder } from './shipped-models.js';
import { isModelFolder, modelFolderHash } from './model-folder.js';
import { TrainedModel } from './trained-model.js';

/** Who is to sit in the model's seat: a network of others that is code of ours, or what lies in a folder. */
type Sitter = { readonly code: 'baseline' } | { readonly folder: string; readonly name?: ModelName };

export interface OpenModelOptions {
  /** Where shipped models lie. */
  readonly models?: string;
  /** False: a symmetric model answers for the picture alone, not for the mean over it and its mirror image. Half the work, a little less often right. */
  readonly flipTta?: boolean;
}

/**
 * Loads an expression model into the engine that TensorFlow.js is set to.
 * @param nameOrFolder a model that ships with ferstream, or the folder of a trained one: one frame checkpoint, or `frame/` and `temporal/`.
 *   A folder with the name of a shipped model has to be written as a path ("./baseline").
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID for a name that is neither
 */
export async function openModel(
  nameOrFolder: string,
  { models = SHIPPED_MODELS, flipTta = true }: OpenModelOptions = {},
): Promise<ExpressionModel> {
  const sitter = await find(nameOrFolder, models);
  return 'folder' in sitter ? TrainedModel.load(sitter.folder, { name: sitter.name, flipTta }) : BaselineModel.load();
}

/**
 * What tells one model from another: "baseline", or "sha256:..." of a trained one's content, whether it ships with ferstream or not.
 * @throws FerError as `openModel` does
 */
export async function identifyModel(nameOrFolder: string, models = SHIPPED_MODELS): Promise<string> {
  const sitter = await find(nameOrFolder, models);
  return 'folder' in sitter ? modelFolderHash(sitter.folder) : sitter.code;
}

async function find(nameOrFolder: string, models: string): Promise<Sitter> {
  const name = MODEL_NAMES.find((known): known is ModelName => known === nameOrFolder);
  if (name !== undefined)
    return name === 'baseline' ? { code: name } : { folder: await shippedFolder(name, models), name };
  if (/[/\\]/.test(nameOrFolder) || (await isModelFolder(nameOrFolder))) return { folder: nameOrFolder };
  throw new FerError(
    'CONFIG_INVALID',
    `model: "${nameOrFolder}" is no model; did you mean "${closest(nameOrFolder, MODEL_NAMES)}"? The folder of a trained model can be given too, as in ./${nameOrFolder}`,
  );
}
