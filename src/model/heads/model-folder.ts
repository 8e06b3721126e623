import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FerError } from '../../errors/fer-error.js';
import { INFO_FILE, checkpointHash } from '../checkpoint/checkpoint-files.js';
import type { ModelName } from '../expression-model.js';

/** Checkpoints of a model. */
interface ModelFolder {
  /** Image -> features and logits. */
  readonly frame: string;
  /** Features of a clip -> logits for every frame; null for a model without temporal network. */
  readonly temporal: string | null;
}

/** Model folders of a training run. */
const OF_A_RUN = ['best', 'last'];

/** Whether `findModelFolder` finds a model there. */
async function isModelFolder(folder: string): Promise<boolean> {
  return (await hasCheckpoint(folder)) || hasCheckpoint(join(folder, 'frame'));
}

/**
 * A model is one frame checkpoint, or a folder with the checkpoints `frame/` and `temporal/` in it.
 * @throws FerError WEIGHTS_MISSING
 */
export async function findModelFolder(folder: string): Promise<ModelFolder> {
  if (await hasCheckpoint(folder)) return { frame: folder, temporal: null };
  const [frame, temporal] = [join(folder, 'frame'), join(folder, 'temporal')];
  const [hasFrame, hasTemporal] = [await hasCheckpoint(frame), await hasCheckpoint(temporal)];
  if (hasFrame && hasTemporal) return { frame, temporal };
  if (hasFrame || hasTemporal) {
    throw new FerError(
      'WEIGHTS_MISSING',
      `model ${folder}: it has ${hasFrame ? 'frame/ but no temporal/' : 'temporal/ but no frame/'}; copy the whole folder, or use ${hasFrame ? frame : 'one with both'}`,
    );
  }
  for (const name of OF_A_RUN) {
    if (await isModelFolder(join(folder, name))) {
      throw new FerError(
        'WEIGHTS_MISSING',
        `model ${folder}: is a training run; use a model in it, such as ${join(folder, name)}`,
      );
    }
  }
  throw new FerError(
    'WEIGHTS_MISSING',
    `model ${folder}: it has no ${INFO_FILE}; give the folder of a model trained with ferstream`,
  );
}

/**
 * "sha256:..." of everything that determines the model's results; independent of the folder's path.
 * @throws FerError WEIGHTS_MISSING
 */
export async function modelFolderHash(folder: string): Promise<string> {
  const { frame, temporal } = await findModelFolder(folder);
  if (temporal === null) return checkpointHash(frame);
  const both = [await checkpointHash(frame), await checkpointHash(temporal)];
  return `sha256:${createHash('sha256').update(both.join('\n')).digest('hex')}`;
}

/** The checkpoint whose logits become posteriors. @throws FerError WEIGHTS_MISSING */
export async function outputCheckpoint(folder: string): Promise<string> {
  const { frame, temporal } = await findModelFolder(folder);
  return temporal ?? frame;
}

async function hasCheckpoint(folder: string): Promise<boolean> {
  return stat(join(folder, INFO_FILE)).then(
    (about) => about.isFile(),
    () => false,
  );
}

/** Where a model folder keeps the two networks of a clip model. That of a frame model is a checkpoint itself. */
export const FRAME_PART = 'frame';
export const TEMPORAL_PART = 'temporal';

/**
 * The checkpoint of that part, or of the frame network without such a part.
 * @throws FerError WEIGHTS_MISSING when the folder holds no model; the message names one where it is that of a run
 */
export async function partOf(folder: string, part: string): Promise<string> {
  const inside = join(folder, part);
  const about = await stat(join(inside, INFO_FILE)).catch(() => null);
  return about === null ? (await findModelFolder(folder)).frame : inside;
}

/** The package's trained models. The relative path is the same from `src/` and `dist/`. */
export const SHIPPED_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/** A trained model that ships with ferstream. */
type TrainedModelName = Exclude<ModelName, 'face-api'>;

/** A shipped model on disk. */
interface ShippedModel {
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
    `model "${name}": it is missing from this installation (no model in ${folder}); install ferstream again, or use "face-api" or a model folder`,
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
  const isPart = [FRAME_PART, TEMPORAL_PART].includes(basename(folder)) && !(await isModelFolder(folder));
  return partOf(isPart ? dirname(folder) : folder, part);
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
