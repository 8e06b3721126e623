import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from './check.js';
import type { CheckResult } from './check.js';

/** Whether results can be written into the current folder. */
export async function checkWriteAccess(folder = process.cwd()): Promise<readonly CheckResult[]> {
  const name = 'folder';
  try {
    await rmdir(await mkdtemp(join(folder, '.fer-doctor-')));
    return [{ name, status: 'ok', detail: `${folder} is writable`, mend: null }];
  } catch (error) {
    return [
      {
        name,
        status: 'failed',
        detail: `${folder} is not writable (${reasonOf(error)})`,
        mend: `chmod u+rwx "${folder}"`,
      },
    ];
  }
}
