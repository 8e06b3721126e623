import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeWithTestFile } from './temporary-folders.js';

/** A folder of the test file, removed when its tests have run. */
export async function scratchDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'ferstream-test-'));
  removeWithTestFile(dir);
  return dir;
}
