import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { INFO_FILE } from '../../model/checkpoint/save-checkpoint.js';
import { findModelFolder } from '../../model/heads/model-folder.js';

/** Where a model folder keeps the two networks of a clip model. That of a frame model is a checkpoint itself. */
export const FRAME_PART = 'frame';
export const TEMPORAL_PART = 'temporal';

/**
 * The checkpoint of that part, or that of the frame network where there is no such part.
 * @throws FerError WEIGHTS_MISSING when the folder holds no model; the message names one where it is that of a run
 */
export async function partOf(folder: string, part: string): Promise<string> {
  const inside = join(folder, part);
  const about = await stat(join(inside, INFO_FILE)).catch(() => null);
  return about === null ? (await findModelFolder(folder)).frame : inside;
}
