import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { checkpointHash } from '../checkpoint/checkpoint-files.js';
import { INFO_FILE } from '../checkpoint/folder-handler.js';

/** Checkpoints of a model. */
export interface ModelFolder {
  /** Image -> features and logits. */
  readonly frame: string;
  /** Features of a clip -> logits for every frame; null for a model without temporal network. */
  readonly temporal: string | null;
}

/** Model folders of a training run. */
const OF_A_RUN = ['best', 'last'];

/** Whether `findModelFolder` finds a model there. */
export async function isModelFolder(folder: string): Promise<boolean> {
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
