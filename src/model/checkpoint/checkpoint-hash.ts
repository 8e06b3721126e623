import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { TOPOLOGY_FILE, weightFiles } from './folder-handler.js';
import { INFO_FILE } from './save-checkpoint.js';

/**
 * "sha256:..." over the description, the network and the weights of a checkpoint: folders with the same hash give the same results.
 * @throws FerError WEIGHTS_MISSING when a file is missing or damaged
 */
export async function checkpointHash(folder: string): Promise<string> {
  try {
    const hash = createHash('sha256');
    for (const file of [INFO_FILE, TOPOLOGY_FILE, ...(await weightFiles(folder))]) {
      // Hashing digests of fixed size keeps file boundaries unambiguous.
      hash.update(
        createHash('sha256')
          .update(await readFile(join(folder, file)))
          .digest(),
      );
    }
    return `sha256:${hash.digest('hex')}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FerError('WEIGHTS_MISSING', `checkpoint ${folder}: cannot be read (${why}); copy the folder again`, {
      cause: error,
    });
  }
}
