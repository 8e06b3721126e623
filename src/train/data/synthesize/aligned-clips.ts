import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What synthetic clips were made with, beside their manifest. */
export const REPORT_FILE = 'synthetic.json';

/** Whether a data set is synthetic clips made of prepared crops: their faces lie as networks want them, though they are pictures in folders. @param data FORMAT:DIR */
export async function areAlignedClips(data: string): Promise<boolean> {
  const [, folder] = /^manifest:(.+)$/.exec(data) ?? [];
  if (folder === undefined) return false;
  try {
    const { aligned } = JSON.parse(await readFile(join(folder, REPORT_FILE), 'utf8')) as { aligned?: unknown };
    return aligned === true;
  } catch {
    return false; // other clips have no such file
  }
}
