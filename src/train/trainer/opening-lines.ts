import { FerError } from '../../errors/fer-error.js';
import type { TrainConfig } from '../config/train-config.js';
import type { TrainingJob } from '../job/training-job.js';

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
  throw new FerError('CONFIG_INVALID', `${data}: ${what}; to learn to tell classes apart, give samples of two or more`);
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
  if (!('warmUpEpochs' in method) || method.warmUpEpochs === 0 || method.warmUpEpochs < epochs) return [];
  return [
    `${method.name} will not begin: its warm-up with cross entropy takes ${method.warmUpEpochs} of ${epochs} epochs; train longer, or set method.warmUpEpochs`,
  ];
}
