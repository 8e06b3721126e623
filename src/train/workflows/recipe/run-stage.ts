import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { TrainedModel } from '../../../model/heads/trained-model.js';
import { calibrateModel } from '../../evaluate/calibrate-model.js';
import { openDataset } from '../../data/formats/registry.js';
import { synthesizeClips } from '../../data/synthesize/synthesize-clips.js';
import { withStills } from '../../data/synthesize/image-pools.js';
import { openSplit, withFaces } from '../../data/faces/open-faces.js';
import { prepareDataset } from '../../data/preprocess/prepare-dataset.js';
import { train } from '../../workflows/train.js';
import { averageModels } from '../../../model/heads/average-models.js';
import { copyModel } from '../../../model/heads/copy-model.js';
import type {
  AverageStage,
  CalibrateStage,
  PrepareStage,
  PublishStage,
  Stage,
  SynthesizeStage,
  TrainStage,
} from './recipe.js';
import type { EpochRecord } from '../../records/epoch-tables.js';

/**
 * Does what a stage says, or what is left of it.
 * @param stage without references
 * @param place the folder that it fills
 * @returns false when interrupted, which may throw INTERRUPTED too
 */
export async function runStage(stage: Stage, place: string, options: RecipeOptions): Promise<boolean> {
  switch (stage.kind) {
    case 'prepare':
      return prepareStage(stage, place, options);
    case 'synthesize':
      return synthesizeStage(stage, place, options);
    case 'train':
      return trainStage(stage, place, options);
    case 'average':
      return averageStage(stage, place, options);
    case 'calibrate':
      return calibrateStage(stage, place, options);
    case 'publish':
      return publishStage(stage, place, options);
  }
}

async function prepareStage(
  { name, data, size, channels, noFace, framesPerSecond }: PrepareStage,
  place: string,
  { signal, onProgress, onMessage }: RecipeOptions,
): Promise<boolean> {
  const { crops, counts, failures } = await prepareDataset(await openDataset(data), place, {
    ...{ geometry: { ...DEFAULT_CROP, size, channels }, noFace, framesPerSecond },
    ...(signal && { signal }),
    onProgress: ({ done, total }) => onProgress?.({ label: name, unit: 'samples', done, total }),
  });
  onMessage?.(
    `${name}: ${crops} crops; face found ${counts.detected}, whole image used ${counts.whole}, no face ${counts.none}, failed ${failures.length}`,
  );
  return true;
}

async function synthesizeStage(
  { name, kind: _kind, data, ...settings }: SynthesizeStage,
  place: string,
  { signal, onProgress, onMessage }: RecipeOptions,
): Promise<boolean> {
  const { splits } = await withStills(data, (dataset, crops) =>
    synthesizeClips(dataset, place, {
      ...settings,
      ...{ crops, replace: true },
      ...(signal && { signal }),
      onProgress: (done, total) => onProgress?.({ label: name, unit: 'clips', done, total }),
    }),
  );
  onMessage?.(`${name}: ${Object.values(splits).reduce((sum, { clips }) => sum + clips, 0)} clips`);
  return true;
}

async function trainStage(
  { name, config }: TrainStage,
  place: string,
  { workers, signal, onMessage, onProgress, onEpoch }: RecipeOptions,
): Promise<boolean> {
  const { isComplete, bestEpoch } = await train(config, place, {
    resume: true,
    ...(workers === undefined ? {} : { workers }),
    signal,
    ...(onMessage && { onMessage }),
    onRead: (done, total) => onProgress?.({ label: `${name}, reading`, unit: 'images', done, total }),
    onStep: ({ epoch, done, total, loss }) =>
      onProgress?.({
        label: `${name}, epoch ${epoch}/${config.epochs}`,
        unit: 'samples',
        done,
        total,
        note: `loss ${loss.toFixed(3)}`,
      }),
    onEpoch: (record, isBest) => onEpoch?.(record, config.epochs, isBest),
  });
  if (isComplete) onMessage?.(`${name}: best in epoch ${bestEpoch}`);
  return isComplete;
}

async function averageStage(
  { name, models }: AverageStage,
  place: string,
  { onMessage }: RecipeOptions,
): Promise<boolean> {
  await averageModels(models, place);
  onMessage?.(`${name}: mean of ${models.length} models`);
  return true;
}

/** Copies the model and gives the copy the temperature. */
async function calibrateStage(
  { name, model: from, data, split, faces }: CalibrateStage,
  place: string,
  { signal, onProgress, onMessage }: RecipeOptions,
): Promise<boolean> {
  const dataset = await openSplit({ data, split });
  const model = await TrainedModel.load(from);
  try {
    const onSample = (done: number): void =>
      onProgress?.({ label: name, unit: 'samples', done, total: dataset.samples.length });
    const { before, after } = await withFaces(
      dataset,
      { data, split },
      { model, faces, onSample, ...(signal && { signal }) },
      (crops) => calibrateModel(model, from, crops, signal),
    );
    await copyModel(from, place, { temperature: after.temperature });
    onMessage?.(
      `${name}: temperature ${after.temperature.toFixed(3)}; calibration error ${before.expectedCalibrationError.toFixed(4)} before, ${after.expectedCalibrationError.toFixed(4)} after`,
    );
    return true;
  } finally {
    model.dispose();
  }
}

async function publishStage(
  { name, model, weights }: PublishStage,
  place: string,
  { onMessage }: RecipeOptions,
): Promise<boolean> {
  await copyModel(model, place, { weights, namesOnly: true });
  onMessage?.(`${name}: ${place} (${weights})`);
  return true;
}

export interface RecipeOptions {
  /** FORMAT:DIR each: the values of `@data`, `@data2` ... */
  readonly data?: readonly string[] | undefined;
  /** Base folder of the paths to which models are published. Default: the working directory. */
  readonly root?: string;
  /** Threads that share every batch in training. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onMessage?: (line: string) => void;
  readonly onProgress?: (progress: StageProgress) => void;
  readonly onEpoch?: (record: EpochRecord, epochs: number, isBest: boolean) => void;
}

/** Progress of the current work. */
export interface StageProgress {
  /** Current step, such as "frames, epoch 3/40". */
  readonly label: string;
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}
