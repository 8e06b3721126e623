import type { CheckpointDescription, CheckpointInfo } from '../../model/checkpoint/checkpoint-info.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import type { LabelSet } from '../../model/label-set.js';
import { tf } from '../../model/tfjs.js';
import { VERSION } from '../../version.js';
import { countsOf, drawnShares } from '../config/sampler.js';
import type { TrainConfig } from '../config/train-config.js';
import type { EvaluationSet, TrainingSet } from '../data/training/training-set.js';

/** Figures of a model, different in every epoch. */
type Figures = Required<Pick<CheckpointInfo, 'temperature' | 'metrics'>>;

/**
 * Class frequencies that a network's posteriors are made for, and those of its training set. A class without samples counts as a tenth
 * of one.
 * @param classes of the training samples, negative without a label [N]
 */
export function priorsOf(
  classes: readonly number[],
  classCount: number,
  { sampler, balance }: Pick<TrainConfig, 'sampler' | 'balance'>,
): NonNullable<CheckpointInfo['priors']> {
  const training = countsOf(classes, classCount).map((count) => Math.max(count, 0.1));
  const posteriors =
    balance === null ? drawnShares(sampler, training) : training.map((count) => count ** (1 - balance));
  return { posteriors: shares(posteriors), training: shares(training) };
}

function shares(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => Number((value / sum).toPrecision(6)));
}

/** Description of a checkpoint, without its figures. */
export function checkpointInfo(
  kind: CheckpointInfo['kind'],
  { name }: tf.LayersModel,
  labels: LabelSet,
  crop: CropGeometry,
  config: TrainConfig,
): Omit<CheckpointDescription, keyof Figures> {
  return {
    kind,
    network: name,
    labelSet: { name: labels.name, labels: [...labels.labels] },
    crop,
    recipe: { config: JSON.parse(JSON.stringify(config)) as CheckpointInfo['recipe'][string] },
    versions: { ferstream: VERSION, tfjs: tf.version_core },
  };
}

/** How much of the data set is used, and why the rest is not. */
export interface DataReport {
  /** Images or clips. */
  readonly training: number;
  readonly validation: number;
  /** Not used, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Further notes for the user. */
  readonly notes?: readonly string[];
}

/** A network and the data to fit it to. */
export interface TrainingJob {
  readonly model: tf.LayersModel;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  readonly labels: LabelSet;
  readonly report: DataReport;
  /** Saves the current model as a model folder. */
  save(folder: string, figures: Figures): Promise<void>;
  /** Called before a run resumes. @throws FerError CONFIG_INVALID when the model folder uses another frame network than this job */
  assertResumable(folder: string): Promise<void>;
  dispose(): void;
}
