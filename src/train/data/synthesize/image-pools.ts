import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { FerError } from '../../../errors/fer-error.js';
import type { PixelImage } from '../../augment/pixel.js';
import { deduplicate, forEachLimited } from '../content.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { openPicture } from '../crops/image-crops.js';
import type { ImageSource } from '../crops/image-crops.js';
import { openDataset } from '../formats/registry.js';
import { openPrepared, preparedFolder } from '../preprocess/read-prepared.js';
import type { Dataset, ReadOptions, Sample, Split } from '../sample.js';
import { carveValidation } from '../splits.js';

/** Files being decoded at a time. */
const DECODING = 8;

interface DecodedStills {
  /** By image. [size, size, channels] */
  readonly faces: ReadonlyMap<ImageSource, PixelImage>;
  /** By image: why it could not be read. */
  readonly failures: ReadonlyMap<ImageSource, string>;
}

/** Face images, scaled to one size and converted to grey (1) or colour (3 channels). */
export async function decodeStills(
  images: readonly ImageSource[],
  size: number,
  channels: 1 | 3,
): Promise<DecodedStills> {
  const faces = new Map<ImageSource, PixelImage>();
  const failures = new Map<ImageSource, string>();
  await forEachLimited([...new Set(images)], DECODING, async (image) => {
    try {
      const picture = (await openPicture(image, { failOn: 'error' }))
        .autoOrient()
        .removeAlpha()
        .toColourspace(channels === 1 ? 'b-w' : 'srgb');
      const { data, info } = await picture
        .resize(size, size, { fit: 'fill' })
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      if (info.channels !== channels) throw new Error(`decoded to ${info.channels} channels instead of ${channels}`);
      faces.set(image, { data: Float32Array.from(data), height: size, width: size, channels });
    } catch (error) {
      failures.set(image, error instanceof Error ? error.message : String(error));
    }
  });
  return { faces, failures };
}

/** Face crops that were cut before. @returns by place in `crops`; each [S, S, C] */
export async function readCrops(
  crops: CropSource,
  places: readonly number[],
): Promise<ReadonlyMap<number, PixelImage>> {
  const { size, channels } = crops.geometry;
  const wanted = [...new Set(places)];
  const pixels = await crops.read(wanted);
  const length = cropLength(crops.geometry);
  return new Map(
    wanted.map((place, i) => [
      place,
      { data: Float32Array.from(pixels.subarray(i * length, (i + 1) * length)), height: size, width: size, channels },
    ]),
  );
}

/** A PNG, grey or colour like the image; values are rounded. Without loss, and the same bytes every time. */
export async function writePng(path: string, { data, width, height, channels }: PixelImage): Promise<void> {
  const pixels = Uint8Array.from(data, Math.round);
  const picture = sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } });
  // Without a colour space named, grey pixels would be written as colour.
  await writeFile(
    path,
    await picture
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png({ compressionLevel: 9 })
      .toBuffer(),
  );
}

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
 * @param work also gets the crops of a prepared data set; null for any other
 * @param read fold, and what class words mean
 * @throws FerError what reading the data set throws
 */
export async function withStills<T>(
  location: string,
  work: (dataset: Dataset, crops: CropSource | null) => Promise<T>,
  read: Pick<ReadOptions, 'fold' | 'labels'> = {},
): Promise<T> {
  const folder = preparedFolder(location);
  // Refuses options that a prepared data set does not take.
  if (folder === null || Object.keys(read).length > 0) {
    const dataset = await openDataset(location, read);
    if (folder === null) return work(dataset, null);
  }
  const prepared = await openPrepared(folder);
  try {
    return await work(prepared.dataset, prepared.crops);
  } finally {
    await prepared.close();
  }
}
