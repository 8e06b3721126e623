import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FerError } from '../../errors/fer-error.js';
import type { ModelName } from '../expression-model.js';
import { isModelFolder, modelFolderHash } from './model-folder.js';

/** Where the package keeps its trained models; as far from `src/model` as from `dist/model`. */
export const SHIPPED_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/** A model that ferstream has trained and that ships with it. */
export type TrainedModelName = Exclude<ModelName, 'baseline'>;

/** What lies in the folder of a shipped model. */
export interface ShippedModel {
  readonly folder: string;
  /** "sha256:..." of its content: another version of a model has another one. */
  readonly hash: string;
  readonly bytes: number;
}

/**
 * The folder of a shipped model.
 * @throws FerError WEIGHTS_MISSING when this installation has none of that name
 */
export async function shippedFolder(name: TrainedModelName, models = SHIPPED_MODELS): Promise<string> {
  const folder = join(models, name);
  if (await isModelFolder(folder)) return folder;
  throw new FerError(
    'WEIGHTS_MISSING',
    `model "${name}": this installation of ferstream does not have it (no model in ${folder}); name "baseline" or the folder of a trained model, or install ferstream again`,
  );
}

/** @throws FerError WEIGHTS_MISSING when it is not there, or cannot be read */
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
