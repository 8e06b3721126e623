import { FerError } from '../../../errors/fer-error.js';
import { readHeader } from '../preprocess/prepared-header.js';
import { readPrepared } from '../preprocess/read-prepared.js';
import type { Dataset, DatasetReader, ReadOptions } from '../sample.js';

/** What `fer dataset prepare` wrote: the same samples, those that have a face crop. `openPrepared` gives the crops too. */
export const prepared: DatasetReader = {
  name: 'prepared',
  title: 'face crops of a prepared set',
  labels: null,
  folds: 0,
  fits: async (root) => (await readHeader(root).catch(() => null)) !== null,
  async read(root: string, { split, fold }: ReadOptions = {}): Promise<Dataset> {
    if (fold !== undefined)
      throw new FerError(
        'CONFIG_INVALID',
        `prepared: the fold was chosen when ${root} was prepared: leave out fold ${fold}`,
      );
    return (await readPrepared(root, split)).dataset;
  },
};
