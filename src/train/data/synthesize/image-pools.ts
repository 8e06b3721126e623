import { FerError } from '../../../errors/fer-error.js';
import { carveValidation } from '../splits.js';
import type { Dataset, Sample, Split } from '../sample.js';
import { deduplicate } from '../content.js';
import type { CropSource } from '../crops/crop-source.js';
import { openPrepared, preparedFolder } from '../preprocess/open-prepared.js';
import { openDataset } from '../formats/registry.js';

/** Share of the training images that validation clips are made of. */
const VALIDATION_SHARE = 0.1;

/** Labelled still images, by the split whose clips are made of them; no picture is in two of them. */
export interface ImagePools {
  readonly images: Readonly<Record<Split, readonly Sample[]>>;
  /** The official split that the test clips' images are of; null without test clips. */
  readonly testSplit: Split | null;
  /** Training images taken out because they are copies. */
  readonly copies: number;
}

/**
 * Divides the still images of a data set: test images are those of another official split, training and validation images both come from the training
 * split, after copies (of each other, or of an image of another split) are taken out.
 * @param testSplit which official split to test on; by default `test`, or `valid` when `test` has no images
 * @throws FerError CONFIG_INVALID when a split that is needed has no labelled still images
 */
export async function imagePools(
  dataset: Dataset,
  seed: number,
  { needsTest, testSplit }: { readonly needsTest: boolean; readonly testSplit?: Split | undefined },
): Promise<ImagePools> {
  const stills = dataset.samples.filter(
    ({ kind, label, contested }) => kind === 'image' && label !== null && contested !== true,
  );
  const of = (split: Split): readonly Sample[] => stills.filter((sample) => sample.split === split);
  if (testSplit === 'train')
    throw new FerError(
      'CONFIG_INVALID',
      'synthetic clips: test clips cannot be made of training images: give --test-split valid or test',
    );
  const chosen = testSplit ?? (of('test').length > 0 ? 'test' : 'valid');
  const needed: Split[] = needsTest ? ['train', chosen] : ['train'];
  for (const split of needed) {
    if (of(split).length > 0) continue;
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: ${dataset.name} has no labelled still images in its split "${split}": ${split === 'train' ? 'use another data set' : 'name another --test-split, or ask for 0 test clips'}`,
    );
  }
  const { dataset: unique, dropped } = await deduplicate({ ...dataset, samples: stills });
  const { training, validation } = carveValidation(unique, VALIDATION_SHARE, seed);
  return {
    images: { train: training, valid: validation, test: needsTest ? of(chosen) : [] },
    testSplit: needsTest ? chosen : null,
    copies: dropped.length,
  };
}

/**
 * Opens a data set of still images, and closes it when `work` is done.
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
