import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { PixelImage } from '../../augment/pixel.js';
import { fitCrops } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import { SeededRandom } from '../../util/seeded-random.js';
import type { UnreadableFile } from '../check-dataset.js';
import type { Dataset, Sample, Split } from '../sample.js';
import { SPLITS } from '../sample.js';
import { forEachLimited } from '../content.js';
import { frameNoise, manifestText, planClips, recipeText } from './clip-plan.js';
import type { ClipPlan } from './clip-plan.js';
import { SYNTHESIS_FILE } from '../formats/manifest.js';
import { DEFAULT_SYNTHESIS, checkSynthesisOptions, clipsOf } from './synthesis-options.js';
import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import { replaceFolder } from '../../../files/replace-folder.js';
import { makeFolder } from '../../../files/write-error.js';
import { decodeStills, imagePools, readCrops, writePng } from './image-pools.js';
import type { ImagePools } from './image-pools.js';
import { planEpisodes, settleRest } from './episode-plan.js';
import { frameRenderer } from './render-clip.js';
import type { ImageSource } from '../crops/image-crops.js';
import type { ClipStyle, SynthesisOptions } from './synthesis-options.js';

/** The result; synthetic.json has the same without `damaged`. */
export interface SynthesisReport {
  /** Always true: these are no recordings. */
  readonly synthetic: true;
  readonly about: string;
  /** The data set of the still images. */
  readonly source: string;
  /** True where the pictures are face crops of a prepared data set, aligned as networks see them; false where they are whole image files. */
  readonly aligned: boolean;
  readonly options: SynthesisOptions;
  /** The official split whose images the test clips show; null without test clips. */
  readonly testSplit: Split | null;
  readonly labels: readonly string[];
  /** Training images not used because they are copies of others. */
  readonly copies: number;
  readonly splits: Readonly<Record<Split, SplitContent>>;
  /** Still images that could not be decoded; others took their places. */
  readonly damaged: readonly UnreadableFile[];
}

export interface SplitContent {
  readonly clips: number;
  readonly frames: number;
  /** Frames whose label in the manifest is wrong. */
  readonly mislabelled: number;
  /** Frames that show two faces. */
  readonly dissolving: number;
  /** Different still images seen, of how many there were to choose from. */
  readonly images: number;
  readonly imagesToChooseFrom: number;
}

export interface SynthesisSettings extends Partial<SynthesisOptions> {
  /** Official split for the test clips' images; by default `test`, or `valid` when `test` has no images. */
  readonly testSplit?: Split;
  /** Crops of a prepared data set, used as the still images. */
  readonly crops?: CropSource | null;
  /** Replace a folder that an earlier synthesis wrote. */
  readonly replace?: boolean;
  /** Ends the work; nothing is written then. */
  readonly signal?: AbortSignal;
  /** Called when the images are read, with 0, and after each clip, with the number of clips written. */
  readonly onProgress?: (done: number, total: number) => void;
}

const ABOUT: Readonly<Record<ClipStyle, string>> = {
  dissolve:
    'Synthetic clips: still images that were made to move and to dissolve into each other. Not recordings; the transitions are not those of a face. For experiments with labels by frame.',
  episode:
    'Synthetic clips: a face at rest was morphed into an expressive one, of the same person where one is known, and back. Not recordings.',
};

const PLANNERS = { dissolve: planClips, episode: planEpisodes } as const;

/** PNGs being written at a time. */
const WRITING = 8;

/**
 * Builds a data set of labelled clips from labelled still images, to be read back as `manifest:DIR`: labels with noise in `manifest.jsonl`, the true ones
 * in `manifest.true.jsonl`, how each clip was made in `clips.jsonl`. Same images, options and seed: same bytes. docs/synthetic-clips.md has the details.
 * @param output appears complete or not at all
 * @throws FerError CONFIG_INVALID for options out of range or images that do not suffice, FOLDER_IN_USE, OUTPUT_UNWRITABLE, INTERRUPTED
 */
export async function synthesizeClips(
  dataset: Dataset,
  output: string,
  settings: SynthesisSettings = {},
): Promise<SynthesisReport> {
  return withFolderLock(
    output,
    'fer dataset synthesize',
    (lock) => synthesizeLocked(dataset, output, { ...settings, signal: stopSignal(lock, settings.signal) }),
    { beside: true },
  );
}

async function synthesizeLocked(
  dataset: Dataset,
  output: string,
  settings: SynthesisSettings,
): Promise<SynthesisReport> {
  const { testSplit, crops = null, replace = false, signal, onProgress = () => undefined, ...given } = settings;
  const options = { ...DEFAULT_SYNTHESIS, ...given };
  checkSynthesisOptions(options);
  const { seed, frameNoise: rate } = options;
  const readStills = crops === null ? stillsInFiles(options) : stillsAmong(crops, options);
  const random = new SeededRandom(seed).fork('synthetic clips');

  return replaceFolder(output, { marker: SYNTHESIS_FILE, replace }, async (folder) => {
    const pools = await imagePools(dataset, seed, { needsTest: options.testClips > 0, testSplit });
    const { plans, faceOf, damaged } = await planReadableClips(pools, options, readStills, random, signal);

    const training = plans.filter(({ split }) => split === 'train');
    const noisy = frameNoise(
      training.map(({ trueLabels }) => trueLabels),
      dataset.labels.labels,
      rate,
      random.fork('frame noise'),
    );
    const labels = new Map<ClipPlan, readonly string[]>(plans.map((plan) => [plan, plan.trueLabels]));
    training.forEach((plan, i) => labels.set(plan, noisy[i]!));
    const inOrder = plans.map((plan) => labels.get(plan)!);

    onProgress(0, plans.length);
    for (const [done, plan] of plans.entries()) {
      refuseInterrupted(signal);
      const frame = frameRenderer(options.style, plan, plan.images.map(faceOf), random.fork(plan.path));
      await writeClip(join(folder, plan.path), plan.mixes.length, frame);
      onProgress(done + 1, plans.length);
    }
    await writeFile(join(folder, 'manifest.jsonl'), manifestText(plans, inOrder));
    await writeFile(
      join(folder, 'manifest.true.jsonl'),
      manifestText(
        plans,
        plans.map(({ trueLabels }) => trueLabels),
      ),
    );
    await writeFile(join(folder, 'clips.jsonl'), recipeText(plans, inOrder));
    const content = (split: Split): SplitContent =>
      contentOf(
        plans.filter((plan) => plan.split === split),
        labels,
        pools.images[split].length,
      );
    const report = {
      synthetic: true,
      about: ABOUT[options.style],
      source: dataset.name,
      aligned: crops !== null,
      options,
      testSplit: pools.testSplit,
      labels: dataset.labels.labels,
      copies: pools.copies,
      splits: { train: content('train'), valid: content('valid'), test: content('test') },
    } as const;
    await writeFile(join(folder, SYNTHESIS_FILE), `${JSON.stringify(report, null, 2)}\n`);
    refuseInterrupted(signal);
    return { ...report, damaged };
  });
}

interface ReadableClips {
  readonly plans: readonly ClipPlan[];
  readonly faceOf: (sample: Sample) => PixelImage;
  readonly damaged: readonly UnreadableFile[];
}

interface Stills {
  readonly faceOf: (sample: Sample) => PixelImage;
  /** By image: why it could not be read. */
  readonly failures: ReadonlyMap<ImageSource, string>;
}

/** Reads the images of samples. */
type ReadStills = (samples: readonly Sample[]) => Promise<Stills>;

function stillsInFiles({ size, channels }: SynthesisOptions): ReadStills {
  return async (samples) => {
    const { faces, failures } = await decodeStills(samples.map(imageOf), size, channels);
    return { faceOf: (sample) => faces.get(imageOf(sample))!, failures };
  };
}

function imageOf({ embedded, path }: Sample): ImageSource {
  return embedded ?? path;
}

function stillsAmong(crops: CropSource, { size, channels }: SynthesisOptions): ReadStills {
  const fitted = fitCrops(crops, { ...crops.geometry, size, channels });
  if (fitted === null) {
    const { geometry } = crops;
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: frames of ${described(size, channels)} cannot be made of crops of ${described(geometry.size, geometry.channels)}: use the prepared channels, and that size or a smaller one`,
    );
  }
  return async (samples) => {
    const placeOf = (sample: Sample): number => (sample as PreparedSample).firstCrop;
    const faces = await readCrops(fitted, samples.map(placeOf));
    return { faceOf: (sample) => faces.get(placeOf(sample))!, failures: new Map() };
  };
}

function described(size: number, channels: 1 | 3): string {
  return `${size}x${size} pixels in ${channels === 1 ? 'grey' : 'colour'}`;
}

/** Plans all clips and reads their images. Where some are damaged, plans again without them. */
async function planReadableClips(
  { images }: ImagePools,
  options: SynthesisOptions,
  readStills: ReadStills,
  random: SeededRandom,
  signal?: AbortSignal,
): Promise<ReadableClips> {
  const damaged = new Map<ImageSource, string>();
  const counts = clipsOf(options);
  for (;;) {
    refuseInterrupted(signal);
    const whole = (split: Split): readonly Sample[] => images[split].filter((sample) => !damaged.has(imageOf(sample)));
    const plan = PLANNERS[options.style];
    const plans = SPLITS.flatMap((split) =>
      plan(split, counts[split], options.frames, whole(split), random.fork(split), options.balance),
    );
    const { faceOf, failures } = await readStills(
      plans.flatMap(({ images: shown, resting }) => [...shown, ...resting]),
    );
    if (failures.size === 0) {
      return {
        plans: plans.map((each) => settleRest(each, faceOf)),
        faceOf,
        damaged: [...damaged].map(([image, message]) => ({
          path: typeof image === 'string' ? image : image.name,
          message,
        })),
      };
    }
    for (const [image, message] of failures) damaged.set(image, message);
  }
}

async function writeClip(folder: string, frames: number, frame: (t: number) => PixelImage): Promise<void> {
  await makeFolder(folder);
  await forEachLimited([...Array(frames).keys()], WRITING, async (t) => {
    await writePng(join(folder, `${String(t).padStart(4, '0')}.png`), frame(t));
  });
}

function contentOf(
  plans: readonly ClipPlan[],
  labels: ReadonlyMap<ClipPlan, readonly string[]>,
  imagesToChooseFrom: number,
): SplitContent {
  const sum = (count: (plan: ClipPlan) => number): number => plans.reduce((total, plan) => total + count(plan), 0);
  return {
    clips: plans.length,
    frames: sum(({ mixes }) => mixes.length),
    mislabelled: sum((plan) => plan.trueLabels.filter((label, t) => label !== labels.get(plan)![t]).length),
    dissolving: sum(({ mixes }) => mixes.filter(({ share }) => share > 0).length),
    images: new Set(plans.flatMap(({ images }) => images.map(({ id }) => id))).size,
    imagesToChooseFrom,
  };
}

function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new FerError('INTERRUPTED', 'synthetic clips: stopped; nothing was written');
}
