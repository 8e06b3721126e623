import { LabelSet } from '../../../model/label-set.js';
import type { TrainConfig } from '../../config/train-config.js';
import { carveValidation } from '../splits.js';
import { deduplicate } from '../content.js';
import { mergeData } from './merge-data.js';
import type { OpenData } from './merge-data.js';
import { mapLabels } from '../label-maps.js';
import { openDataset } from '../formats/registry.js';
import type { CarvedTraining } from '../splits.js';
import type { Dataset, Sample } from '../sample.js';
import { openPrepared, preparedFolder } from '../preprocess/open-prepared.js';

/** Name of the label set that a configuration names. */
export const CHOSEN = 'chosen';

/** Reading and comparing takes a while, so runs that follow each other share one. @throws FerError what reading throws */
export async function openData(
  config: DataConfig & Partial<Pick<TrainConfig, 'moreData'>>,
  signal?: AbortSignal,
): Promise<OpenData> {
  const first = await openOne(config, signal);
  const { labels } = first.dataset.labels;
  const others: OpenData[] = [];
  for (const data of config.moreData ?? []) {
    others.push(await openOne({ ...config, data, fold: null, classWords: null, labels: [...labels] }, signal));
  }
  return others.length === 0 ? first : mergeData([first, ...others]);
}

type DataConfig = Pick<TrainConfig, 'data' | 'fold' | 'classWords' | 'labels' | 'deduplicate'>;

async function openOne(config: DataConfig, signal?: AbortSignal): Promise<OpenData> {
  const folder = preparedFolder(config.data);
  const prepared = folder === null ? null : await openPrepared(folder);
  const read =
    prepared === null
      ? await openDataset(config.data, {
          ...(config.fold !== null && { fold: config.fold }),
          ...(config.classWords !== null && { labels: config.classWords }),
        })
      : prepared.dataset;
  const distinct = config.deduplicate ? await deduplicate(read, signal) : { dataset: read, dropped: [] };
  const leftOut = {
    ...read.leftOut,
    ...(read.problems.length === 0
      ? {}
      : { [`missing or not understood: "fer dataset check ${config.data}" says why`]: read.problems.length }),
    ...(distinct.dropped.length === 0 ? {} : { 'copy of another sample': distinct.dropped.length }),
  };
  const counted = { ...distinct.dataset, leftOut };
  const dataset = config.labels === null ? counted : mapLabels(counted, new LabelSet(CHOSEN, config.labels));
  return {
    dataset,
    prepared: prepared?.crops ?? null,
    preparedFeatures: prepared?.features ?? null,
    close: async () => prepared?.close(),
  };
}

/** Splits a data set for a run: training rows, and validation rows that select the epoch. */
export interface Division extends CarvedTraining {
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Divides as a run asks for; contested samples are only ever trained on. */
export function divide(
  dataset: Dataset,
  { validation, contested }: Pick<TrainConfig, 'validation' | 'contested'>,
): Division {
  const parts = inTwo(dataset, validation);
  if (contested) return { ...parts, leftOut: {} };
  const training = parts.training.filter((sample) => sample.contested !== true);
  const count = parts.training.length - training.length;
  return {
    training,
    validation: parts.validation,
    leftOut: count === 0 ? {} : { 'contested, as "contested" is off': count },
  };
}

/** Formats of own data, whose validation split nobody publishes figures on. */
const OWN_DATA = ['manifest', 'folders'];

function inTwo(dataset: Dataset, { from, fraction, seed }: TrainConfig['validation']): CarvedTraining {
  const ofSplit = (split: string): readonly Sample[] => dataset.samples.filter((sample) => sample.split === split);
  const own =
    from === 'valid' || (from === 'auto' && OWN_DATA.includes(dataset.name) && dataset.splits.includes('valid'));
  if (own) return { training: ofSplit('train'), validation: ofSplit('valid') };
  if (fraction === 0) return { training: ofSplit('train'), validation: [] };
  return carveValidation(dataset, fraction, seed);
}
