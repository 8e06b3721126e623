import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { LabelSet } from '../../../model/label-set.js';
import type { TrainConfig } from '../../config/train-config.js';
import { deduplicate } from '../content.js';
import { cropLength, describeCrops, fitCrops } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { openDataset } from '../formats/registry.js';
import { mapLabels } from '../label-maps.js';
import type { FeatureSource } from '../preprocess/file-features.js';
import { openPrepared, preparedFolder } from '../preprocess/read-prepared.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import { splitsOf } from '../sample.js';
import type { Dataset, Sample } from '../sample.js';
import { carveValidation } from '../splits.js';
import type { CarvedTraining } from '../splits.js';

/** A data set as a run uses it. */
export interface OpenData {
  /** Without copies (of held-out samples as well), with the requested labels. */
  readonly dataset: Dataset;
  /** The crops of a prepared data set; null for any other. */
  readonly prepared: CropSource | null;
  /** Features that were prepared with them. */
  readonly preparedFeatures: FeatureSource | null;
  /** Closes the files of prepared crops and features; the rest stays in memory. */
  close(): Promise<void>;
}

/**
 * Several prepared data sets as one: samples one after another, crops likewise, made smaller where the first one's are. From the second on, names of samples
 * begin with the set's number.
 * @throws FerError CONFIG_INVALID where one is not prepared, MODEL_INCOMPATIBLE where its crops cannot be those of the first
 */
export function mergeData(parts: readonly OpenData[]): OpenData {
  const sources = parts.map(({ dataset: { name }, prepared }) => {
    if (prepared === null)
      throw new FerError(
        'CONFIG_INVALID',
        'moreData: data sets that are trained on together must be prepared; run: fer dataset prepare FORMAT:DIR --output DIR',
      );
    const { geometry } = parts[0]!.prepared!;
    const fitted = fitCrops(prepared, geometry);
    if (fitted === null)
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `moreData: a data set (${name}) is prepared as ${describeCrops(prepared.geometry)}, the first one as ${describeCrops(geometry)}: prepare both alike`,
      );
    return fitted;
  });
  const [first] = parts;
  let offset = 0;
  const samples: Sample[] = [];
  for (const [i, { dataset }] of parts.entries()) {
    for (const sample of dataset.samples as readonly PreparedSample[]) {
      const id = i === 0 ? sample.id : `${String(i + 1)}:${sample.id}`;
      const shift = (crop: number | null): number | null => (crop === null ? null : crop + offset);
      const placed: PreparedSample = {
        ...sample,
        id,
        firstCrop: sample.firstCrop + offset,
        readFrames: sample.readFrames.map((frame) => ({ ...frame, crop: shift(frame.crop) })),
      };
      samples.push(placed);
    }
    offset += sources[i]!.count;
  }
  const splits = splitsOf(samples);
  return {
    dataset: { ...first!.dataset, samples, splits, leftOut: sumOf(parts.map(({ dataset }) => dataset.leftOut)) },
    prepared: new ConcatenatedCrops(sources),
    preparedFeatures: mergedFeatures(parts.map(({ preparedFeatures }) => preparedFeatures)),
    close: async () => {
      for (const part of parts) await part.close();
    },
  };
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [reason, count] of counts.flatMap(Object.entries<number>)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

class ConcatenatedCrops implements CropSource {
  readonly geometry: CropGeometry;
  readonly count: number;

  constructor(private readonly parts: readonly CropSource[]) {
    this.geometry = parts[0]!.geometry;
    this.count = parts.reduce((sum, { count }) => sum + count, 0);
  }

  async read(indices: readonly number[]): Promise<Uint8Array> {
    const length = cropLength(this.geometry);
    const result = new Uint8Array(indices.length * length); // [n, S, S, C]
    await readParts(this.parts, indices, length, result, (part, own) => part.read(own));
    return result;
  }
}

/** Features of the same frame network for all parts; null where one has none, or those of another network. */
function mergedFeatures(parts: readonly (FeatureSource | null)[]): FeatureSource | null {
  const known = parts.filter((part) => part !== null);
  const [first] = known;
  if (first === undefined || known.length < parts.length) return null;
  if (known.some(({ checkpoint }) => checkpoint !== first.checkpoint)) return null;
  const { checkpoint, dimensions } = first;
  return {
    ...{ checkpoint, dimensions, count: known.reduce((sum, { count }) => sum + count, 0) },
    async read(indices, mirrored) {
      const result = new Float32Array(indices.length * dimensions); // [n, D]
      await readParts(known, indices, dimensions, result, (part, own) => part.read(own, mirrored));
      return result;
    },
  };
}

/** Reads values of parts that stand one after another into their places. @param length values of each index */
async function readParts<Part extends { readonly count: number }, Values extends Uint8Array | Float32Array>(
  parts: readonly Part[],
  indices: readonly number[],
  length: number,
  result: Values,
  read: (part: Part, own: readonly number[]) => Promise<Values>,
): Promise<void> {
  let start = 0;
  for (const part of parts) {
    const from = start;
    start += part.count;
    const places = indices.flatMap((index, i) => (index >= from && index < start ? [i] : []));
    if (places.length === 0) continue;
    const values = await read(
      part,
      places.map((i) => indices[i]! - from),
    );
    places.forEach((i, k) => {
      result.set(values.subarray(k * length, (k + 1) * length), i * length);
    });
  }
}

/** Name of the label set that a configuration names. */
export const CHOSEN = 'chosen';

/** Reading and comparing takes a while, so runs that follow each other share one. @throws FerError what reading throws */
export async function openData(
  config: DataConfig & Partial<Pick<TrainConfig, 'moreData'>>,
  signal?: AbortSignal,
): Promise<OpenData> {
  const first = await openOne(config, signal);
  const opened = [first];
  try {
    const labels = [...first.dataset.labels.labels];
    for (const data of config.moreData ?? []) {
      opened.push(await openOne({ ...config, data, fold: null, classWords: null, labels }, signal));
    }
    if (opened.length === 1) return first;
    const merged = mergeData(opened);
    const distinct = config.deduplicate ? await withoutCopies(merged.dataset, signal) : merged.dataset;
    const ofFirst = new Set(merged.dataset.samples.slice(0, first.dataset.samples.length).map(({ id }) => id));
    return { ...merged, dataset: trainingOnly(distinct, ofFirst) };
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
}

/** Without what further data sets hold out: they are trained with, and the first one alone says what is validated and tested. */
function trainingOnly(dataset: Dataset, ofFirst: ReadonlySet<string>): Dataset {
  const samples = dataset.samples.filter(({ id, split }) => split === 'train' || ofFirst.has(id));
  const splits = splitsOf(samples);
  const count = dataset.samples.length - samples.length;
  if (count === 0) return { ...dataset, splits };
  return { ...dataset, samples, splits, leftOut: sumOf([dataset.leftOut, { 'held out in moreData': count }]) };
}

async function withoutCopies(dataset: Dataset, signal: AbortSignal | undefined): Promise<Dataset> {
  const { dataset: distinct, dropped } = await deduplicate(dataset, signal);
  if (dropped.length === 0) return distinct;
  return { ...distinct, leftOut: sumOf([dataset.leftOut, { 'copy of another sample': dropped.length }]) };
}

type DataConfig = Pick<TrainConfig, 'data' | 'fold' | 'classWords' | 'labels' | 'deduplicate'>;

async function openOne(config: DataConfig, signal?: AbortSignal): Promise<OpenData> {
  const folder = preparedFolder(config.data);
  const prepared = folder === null ? null : await openPrepared(folder);
  try {
    return {
      dataset: await readChosen(config, prepared?.dataset ?? null, signal),
      prepared: prepared?.crops ?? null,
      preparedFeatures: prepared?.features ?? null,
      close: async () => prepared?.close(),
    };
  } catch (error) {
    await prepared?.close();
    throw error;
  }
}

async function readChosen(config: DataConfig, prepared: Dataset | null, signal?: AbortSignal): Promise<Dataset> {
  if (prepared !== null && (config.fold !== null || config.classWords !== null))
    throw new FerError(
      'CONFIG_INVALID',
      `${config.data}: fold and class words were chosen when it was prepared: leave out --fold and --labels`,
    );
  const read =
    prepared ??
    (await openDataset(config.data, {
      ...(config.fold !== null && { fold: config.fold }),
      ...(config.classWords !== null && { labels: config.classWords }),
    }));
  const leftOut = {
    ...read.leftOut,
    ...(read.problems.length === 0
      ? {}
      : { [`missing or not understood: "fer dataset check ${config.data}" says why`]: read.problems.length }),
  };
  const counted = { ...read, leftOut };
  const distinct = config.deduplicate ? await withoutCopies(counted, signal) : counted;
  return config.labels === null ? distinct : mapLabels(distinct, new LabelSet(CHOSEN, config.labels));
}

/** Splits a data set for a run: training rows, and validation rows that select the epoch. */
interface Division extends CarvedTraining {
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Divides as a run asks for; contested samples are only ever trained on. */
export function divide(
  dataset: Dataset,
  { validation, contested }: Pick<TrainConfig, 'validation' | 'contested'>,
): Division {
  const parts = splitForValidation(dataset, validation);
  if (contested) return { ...parts, leftOut: {} };
  const training = parts.training.filter((sample) => sample.contested !== true);
  const count = parts.training.length - training.length;
  return {
    training,
    validation: parts.validation,
    leftOut: count === 0 ? {} : { 'contested, as "contested" is off': count },
  };
}

/** Formats of own data: no published figures use their validation split. */
const OWN_DATA = ['manifest', 'folders'];

function splitForValidation(dataset: Dataset, { from, fraction, seed }: TrainConfig['validation']): CarvedTraining {
  const ofSplit = (split: string): readonly Sample[] => dataset.samples.filter((sample) => sample.split === split);
  const own =
    from === 'valid' || (from === 'auto' && OWN_DATA.includes(dataset.name) && dataset.splits.includes('valid'));
  if (own) return { training: ofSplit('train'), validation: ofSplit('valid') };
  if (fraction === 0) return { training: ofSplit('train'), validation: [] };
  return carveValidation(dataset, fraction, seed);
}
