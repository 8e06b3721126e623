import { FerError } from '../../errors/fer-error.js';
import { saveCheckpoint } from '../../model/checkpoint/index.js';
import { excludedRows } from '../audit/exclusions.js';
import type { TrainConfig } from '../config/index.js';
import type { Split } from '../datasets/index.js';
import { augmentations } from './augmentations.js';
import { buildFrameNetwork, geometryOf } from './build-network.js';
import type { FrameNetworkConfig } from './build-network.js';
import { checkpointInfo } from './checkpoint-info.js';
import { distort } from './distort.js';
import { ImageEvaluationSet, ImageTrainingSet } from './image-training-set.js';
import type { LabelledCrop } from './image-training-set.js';
import { locateRows, rowsOf } from './labelled-rows.js';
import type { LabelledRow, LocatedRows } from './labelled-rows.js';
import { divide } from './open-data.js';
import type { OpenData } from './open-data.js';
import type { EvaluationSet } from './training-set.js';
import type { OnRead, TrainingTask } from './training-task.js';

/**
 * A frame network and its images (of clips: their frames, each for itself): divided, and, where an experiment asks for it, cut down and given
 * wrong labels; then what an audit marks is left out. Validation images keep their labels, and all of this depends on seeds alone.
 * @throws FerError INPUT_NOT_FOUND when nothing is left to train on
 */
export async function imageTask(
  { dataset, prepared }: OpenData,
  config: TrainConfig,
  network: FrameNetworkConfig,
  onRead?: OnRead,
): Promise<TrainingTask> {
  const { labels } = dataset;
  const geometry = await geometryOf(network);
  const parts = divide(dataset, config);
  const drawn = distort(
    parts.training.flatMap((sample) => labelledRows(rowsOf(sample, labels))),
    labels.size,
    config,
  );
  const excluded = await excludedRows(
    config,
    drawn.map(({ id }) => id),
    () => dataset.samples.flatMap((sample) => rowsOf(sample, labels).map(({ id }) => id)),
  );
  const chosen = drawn.filter(({ id }) => !excluded.ids.has(id));
  const held = parts.validation.flatMap((sample) => labelledRows(rowsOf(sample, labels)));
  const located = await locateRows([...chosen, ...held], geometry, prepared, onRead);
  const training = labelledCrops(chosen, located, 0);
  const validation = labelledCrops(held, located, chosen.length);
  if (training.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${config.data}: no training images are left; look at it with "fer dataset check ${config.data}"`,
    );

  const model = await buildFrameNetwork(network, labels, geometry, config.seed);
  return {
    model,
    training: new ImageTrainingSet(located.crops, training, {
      ...augmentations(config.augment),
      softLabels: config.softLabels,
      classCount: labels.size,
    }),
    validation: validation.length === 0 ? null : new ImageEvaluationSet(located.crops, validation, network.symmetric),
    labels,
    report: {
      training: training.length,
      validation: validation.length,
      leftOut: {
        ...dataset.leftOut,
        ...parts.leftOut,
        ...excluded.leftOut,
        ...(located.broken > 0 ? { 'cannot be decoded': located.broken } : {}),
      },
      notes: excluded.notes,
    },
    save: (folder, figures) =>
      saveCheckpoint(model, folder, {
        ...checkpointInfo('frame', model, labels, geometry, config),
        ...(network.symmetric && { symmetric: true }),
        ...figures,
      }),
    assertGoesOn: () => Promise.resolve(),
    dispose: () => {
      model.dispose();
    },
  };
}

/** A split of the same data set, as it is. */
export async function imageSplit(
  { dataset, prepared }: OpenData,
  network: FrameNetworkConfig,
  split: Split,
): Promise<EvaluationSet> {
  const rows = dataset.samples
    .filter((sample) => sample.split === split)
    .flatMap((sample) => labelledRows(rowsOf(sample, dataset.labels)));
  const located = await locateRows(rows, await geometryOf(network), prepared);
  return new ImageEvaluationSet(located.crops, labelledCrops(rows, located, 0), network.symmetric);
}

function labelledRows(rows: readonly LabelledRow[]): readonly LabelledRow[] {
  return rows.filter(({ label, source }) => label >= 0 && source !== null);
}

/** Those that have a crop. @param from place of the first one among the located rows */
function labelledCrops(rows: readonly LabelledRow[], { places }: LocatedRows, from: number): LabelledCrop[] {
  return rows.flatMap(({ id, label, shares }, i) => {
    const crop = places[from + i] ?? null;
    return crop === null ? [] : [{ id, crop, label, shares }];
  });
}
