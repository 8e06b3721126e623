import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FerError } from '../../errors/fer-error.js';
import type { ModelName } from '../expression-model.js';
import { isModelFolder, modelFolderHash, partOf } from './model-folder.js';

/** The package's trained models. The relative path is the same from `src/` and `dist/`. */
export const SHIPPED_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/** A trained model that ships with ferstream. */
export type TrainedModelName = Exclude<ModelName, 'baseline'>;

/** A shipped model on disk. */
export interface ShippedModel {
  readonly folder: string;
  /** "sha256:..." of its content. */
  readonly hash: string;
  readonly bytes: number;
}

/**
 * The folder of a shipped model.
 * @throws FerError WEIGHTS_MISSING when it is missing from this installation
 */
export async function shippedFolder(name: TrainedModelName, models = SHIPPED_MODELS): Promise<string> {
  const folder = join(models, name);
  if (await isModelFolder(folder)) return folder;
  throw new FerError(
    'WEIGHTS_MISSING',
    `model "${name}": it is missing from this installation (no model in ${folder}); install ferstream again, or use "baseline" or a model folder`,
  );
}

/**
 * The checkpoint of a part of a trained model, named as for `--model`: "default", "default/frame", or a folder.
 * @throws FerError WEIGHTS_MISSING when it holds no model
 */
export async function trainedPart(nameOrFolder: string, part: string, models = SHIPPED_MODELS): Promise<string> {
  const [name, ...inside] = nameOrFolder.split('/');
  const folder = name === 'default' ? join(await shippedFolder(name, models), ...inside) : nameOrFolder;
  // A model of one frame network has no folder for it.
  return partOf(inside.length > 0 && !(await isModelFolder(folder)) ? dirname(folder) : folder, part);
}

/** @throws FerError WEIGHTS_MISSING when it is missing or unreadable */
export async function describeShipped(name: TrainedModelName, models = SHIPPED_MODELS): Promise<ShippedModel> {
  const folder = await shippedFolder(name, models);
  return { folder, hash: await modelFolderHash(folder), bytes: await bytesIn(folder) };
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
