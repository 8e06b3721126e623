import { closest } from '../../errors/closest.js';
import { FerError } from '../../errors/fer-error.js';
import { BaselineModel } from './baseline-model.js';
import type { ExpressionModel, ModelName } from '../expression-model.js';
import { MODEL_NAMES } from '../expression-model.js';
import { SHIPPED_MODELS, shippedFolder } from './shipped-models.js';
import { isModelFolder, modelFolderHash } from './model-folder.js';
import type { OpenSession } from '../sessions/network.js';
import { TrainedModel } from './trained-model.js';

/** Where a model comes from: built-in code or a checkpoint folder. */
export type ModelSource = { readonly code: 'baseline' } | { readonly folder: string; readonly name?: ModelName };

export interface OpenModelOptions {
  /** Folder of the shipped models. */
  readonly models?: string;
  /** Average each face with its mirror image: slightly more accurate, twice the work; null or left out: as the model was trained. */
  readonly flipTta?: boolean | null;
  /** Opens its networks; on the current TensorFlow.js engine by default. */
  readonly open?: OpenSession | undefined;
}

/**
 * Loads an expression model.
 * @param nameOrFolder a shipped model, or a model folder: one frame checkpoint, or `frame/` and `temporal/`.
 *   Write a folder with the name of a shipped model as a path ("./baseline").
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID for a name that is neither
 */
export async function openModel(
  nameOrFolder: string,
  { models = SHIPPED_MODELS, flipTta = null, open }: OpenModelOptions = {},
): Promise<ExpressionModel> {
  const source = await locateModel(nameOrFolder, models);
  return 'folder' in source
    ? TrainedModel.load(source.folder, { name: source.name, flipTta, open })
    : BaselineModel.load(open);
}

/**
 * Identifies a model: "baseline", or "sha256:..." of a trained model's content.
 * @throws FerError as `openModel` does
 */
export async function identifyModel(nameOrFolder: string, models = SHIPPED_MODELS): Promise<string> {
  const source = await locateModel(nameOrFolder, models);
  return 'folder' in source ? modelFolderHash(source.folder) : source.code;
}

/** @throws FerError CONFIG_INVALID for a name that is neither a model nor a folder, WEIGHTS_MISSING */
export async function locateModel(nameOrFolder: string, models: string): Promise<ModelSource> {
  const name = MODEL_NAMES.find((known): known is ModelName => known === nameOrFolder);
  if (name !== undefined)
    return name === 'baseline' ? { code: name } : { folder: await shippedFolder(name, models), name };
  if (/[/\\]/.test(nameOrFolder) || (await isModelFolder(nameOrFolder))) return { folder: nameOrFolder };
  throw new FerError(
    'CONFIG_INVALID',
    `model: "${nameOrFolder}" is not a model; did you mean "${closest(nameOrFolder, MODEL_NAMES)}"? For a model folder, write ./${nameOrFolder}`,
  );
}
