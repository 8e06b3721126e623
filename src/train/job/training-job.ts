import { FerError } from '../../errors/fer-error.js';
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
 * @param drawn how often each class comes in an epoch, where the sampler alone does not say [C]
 */
export function priorsOf(
  classes: readonly number[],
  classCount: number,
  { sampler, balance }: Pick<TrainConfig, 'sampler' | 'balance'>,
  drawn?: readonly number[],
): NonNullable<CheckpointInfo['priors']> {
  const training = countsOf(classes, classCount).map((count) => Math.max(count, 0.1));
  const posteriors =
    balance === null
      ? ((drawn && atLeastATenth(drawn, classes.length)) ?? drawnShares(sampler, training))
      : training.map((count) => count ** (1 - balance));
  return { posteriors: shares(posteriors), training: shares(training) };
}

/** Of what a sample counts for. */
function atLeastATenth(drawn: readonly number[], samples: number): number[] {
  const sum = drawn.reduce((total, value) => total + value, 0);
  return drawn.map((value) => Math.max(value, sum / samples / 10));
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

/** The part of a job that is used here. */
type Described = Pick<TrainingJob, 'report' | 'labels'> & {
  readonly training: Pick<TrainingJob['training'], 'rowLabels'>;
};

/** @throws FerError CONFIG_INVALID where there is nothing to tell apart */
export function assertTwoClasses(
  { labels, training }: Omit<Described, 'report'>,
  { data }: Pick<TrainConfig, 'data'>,
): void {
  const seen = [...new Set(training.rowLabels)].filter((label) => label >= 0);
  if (seen.length > 1) return;
  const what =
    seen.length === 0 ? 'no training sample has a label' : `all training samples are "${labels.labels[seen[0]!]!}"`;
  throw new FerError('CONFIG_INVALID', `${data}: ${what}; give samples of two or more classes`);
}

/** Lines about the data before training: counts, exclusions, warnings. */
export function dataLines(
  { report, labels, training }: Described,
  { validation: { from, fraction } }: Pick<TrainConfig, 'validation'>,
): readonly string[] {
  const seen = new Set(training.rowLabels);
  const [present, absent] = [labels.labels.filter((_, i) => seen.has(i)), labels.labels.filter((_, i) => !seen.has(i))];
  const reason =
    from === 'valid'
      ? 'the data set has no samples in the split "valid"'
      : fraction > 0
        ? 'too few training samples to set any aside'
        : null;
  return [
    `${report.training} samples to train on, ${report.validation} set aside for validation`,
    ...Object.entries(report.leftOut).map(([why, count]) => `left out: ${count}: ${why}`),
    ...(report.notes ?? []),
    ...(report.validation === 0 && reason !== null ? [`${reason}: the last epoch will count as the best`] : []),
    ...(absent.length === 0
      ? []
      : [
          `no training sample shows ${absent.join(', ')}: to train without such classes, --set 'labels=${JSON.stringify(present)}'`,
        ]),
  ];
}

/** Warns if the warm-up takes all of training, so that the method never begins. */
export function warmUpLines({ method, epochs }: Pick<TrainConfig, 'method' | 'epochs'>): readonly string[] {
  if (!('crossEntropyEpochs' in method) || method.crossEntropyEpochs === 0 || method.crossEntropyEpochs < epochs)
    return [];
  return [
    `${method.name} will not begin: its warm-up with cross entropy takes ${method.crossEntropyEpochs} of ${epochs} epochs; train longer, or set method.crossEntropyEpochs`,
  ];
}
