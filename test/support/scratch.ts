import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder of the test file, removed when its tests have run. */
export async function scratchDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'ferstream-test-'));
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
