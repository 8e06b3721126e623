import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { LabelSet } from '../../../model/label-set.js';
import type { TrainConfig } from '../../config/train-config.js';
import { deduplicate } from '../content.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { openDataset } from '../formats/registry.js';
import { mapLabels } from '../label-maps.js';
import type { FeatureSource } from '../preprocess/file-features.js';
import { openPrepared, preparedFolder } from '../preprocess/read-prepared.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import { SPLITS } from '../sample.js';
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
 * Several prepared data sets as one: samples one after another, crops likewise. From the second on, names of samples begin with the set's number.
 * @throws FerError CONFIG_INVALID where one is not prepared
 */
export function mergeData(parts: readonly OpenData[]): OpenData {
  const sources = parts.map(({ prepared }) => {
    if (prepared === null)
      throw new FerError(
        'CONFIG_INVALID',
        'moreData: data sets that are trained on together must be prepared; run: fer dataset prepare FORMAT:DIR --output DIR',
      );
    return prepared;
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
  const splits = SPLITS.filter((split) => samples.some((sample) => sample.split === split));
  return {
    dataset: { ...first!.dataset, samples, splits, leftOut: sumOf(parts.map(({ dataset }) => dataset.leftOut)) },
    prepared: new ConcatenatedCrops(sources),
    preparedFeatures: null,
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
  private readonly starts: number[] = [];

  constructor(private readonly parts: readonly CropSource[]) {
    this.geometry = parts[0]!.geometry;
    let count = 0;
    for (const part of parts) {
      this.starts.push(count);
      count += part.count;
    }
    this.count = count;
  }

  async read(indices: readonly number[]): Promise<Uint8Array> {
    const length = cropLength(this.geometry);
    const result = new Uint8Array(indices.length * length); // [n, S, S, C]
    for (const [p, part] of this.parts.entries()) {
      const start = this.starts[p]!;
      const places = indices.flatMap((index, i) => (index >= start && index < start + part.count ? [i] : []));
      if (places.length === 0) continue;
      const crops = await part.read(places.map((i) => indices[i]! - start));
      places.forEach((i, k) => {
        result.set(crops.subarray(k * length, (k + 1) * length), i * length);
      });
    }
    return result;
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
    return config.deduplicate ? { ...merged, dataset: await withoutCopies(merged.dataset, signal) } : merged;
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
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
