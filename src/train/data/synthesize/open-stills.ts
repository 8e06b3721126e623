import type { CropSource } from '../crops/crop-source.js';
import { openPrepared } from '../preprocess/open-prepared.js';
import { preparedFolder } from '../preprocess/prepared-folder.js';
import type { Dataset } from '../sample.js';
import { openDataset } from '../formats/registry.js';

/**
 * Opens a data set of still images, and lets go of it when `work` is done.
 * @param location FORMAT:DIR
 * @param work told the crops of a prepared data set too; null for any other
 * @throws FerError what reading the data set throws
 */
export async function withStills<T>(
  location: string,
  work: (dataset: Dataset, crops: CropSource | null) => Promise<T>,
): Promise<T> {
  const folder = preparedFolder(location);
  if (folder === null) return work(await openDataset(location), null);
  const prepared = await openPrepared(folder);
  try {
    return await work(prepared.dataset, prepared.crops);
  } finally {
    await prepared.close();
  }
}
