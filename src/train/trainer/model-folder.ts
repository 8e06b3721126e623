import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a model folder keeps the two networks of a clip model. That of a frame model is a checkpoint itself. */
export const FRAME_PART = 'frame';
export const TEMPORAL_PART = 'temporal';

/** The checkpoint of that part, or the folder itself where it has no such part. */
export async function partOf(folder: string, part: string): Promise<string> {
  const inside = join(folder, part);
  const about = await stat(join(inside, 'ferstream.json')).catch(() => null);
  return about === null ? folder : inside;
}
