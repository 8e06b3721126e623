import type { tf } from '../../model/tfjs.js';
import { FerError, unlessAborted } from '../../errors/fer-error.js';
import { isHead } from '../../model/networks/classifier.js';
import { averageResults, predictWith } from './gradients.js';
import type { GradientRunner } from './gradients.js';
import type { EvaluationSet, TrainingSet } from '../data/training/training-set.js';
import type { Method } from '../losses/method.js';
import { fitCalibration } from '../metrics/calibration.js';
import { splitMetrics } from '../metrics/split-metrics.js';
import type { SplitMetrics } from '../metrics/split-metrics.js';
import { RowTable } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import type { TrainingState, WeightVectors } from '../records/training-state.js';

import { EpochBatches } from './epoch-batches.js';
import type { BatchSettings } from './epoch-batches.js';
import { ModelWeights } from './model-weights.js';
import type { StepProgress } from './train-options.js';
import { adamState, adamStep, clipToNorm, globalNorm, lrFactor, updateEma } from './optimizer.js';
import type { AdamSettings, Schedule } from './optimizer.js';

export type SelectionMetric = 'accuracy' | 'meanClassAccuracy' | 'macroF1' | 'loss';

/** How to train; the method says what to minimise. */
export interface FitSettings extends BatchSettings {
  readonly epochs: number;
  readonly lr: number;
  /** Multiple of the learning rate for the last layer, "logits". */
  readonly headLrFactor: number;
  /** Layers that keep their weights, by the beginnings of their names. */
  readonly freeze: readonly string[];
  readonly warmUpEpochs: number;
  readonly schedule: Schedule;
  readonly adam: AdamSettings;
  /** Largest norm of the gradient; null for no limit. */
  readonly gradClip: number | null;
  /** Decay of the moving average of the weights, which is then the model that is validated and kept; null for none. */
  readonly emaDecay: number | null;
  /** Epochs without a better model after which training ends; null for never. */
  readonly patience: number | null;
  readonly selectBy: SelectionMetric;
}

export interface FitInput {
  readonly model: tf.LayersModel;
  readonly method: Method;
  readonly runner: GradientRunner;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  readonly classCount: number;
  readonly settings: FitSettings;
  /** Fingerprint of configuration and data; see TrainingState. */
  readonly fingerprint: string;
  /** Where to resume; null to start. */
  readonly state: TrainingState | null;
  readonly signal?: AbortSignal | undefined;
  /** After each step. */
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  /** After each epoch; awaited. While it runs, the model holds the weights to keep (the moving average, if there is one). */
  readonly onEpoch: (finished: FinishedEpoch) => Promise<void>;
}

export interface FinishedEpoch {
  readonly state: TrainingState;
  readonly isBest: boolean;
  /** (p_GT, p_NN, predicted class) of every row, as seen in training. [R, 3] */
  readonly rows: Float32Array;
}

/**
 * The training loop. Interrupted, it returns at once with the state after the last finished epoch, and `runner` may still be busy; resumed from
 * there, it reaches the same numbers.
 * @throws FerError CONFIG_INVALID when training diverges
 */
export async function fit(input: FitInput): Promise<TrainingState> {
  const { model, method, runner, training, validation, classCount, settings, signal } = input;
  const { epochs, gradClip, emaDecay, selectBy } = settings;
  const parameters = new ModelWeights(model);
  const isFrozen = (layer: string): boolean => settings.freeze.some((prefix) => layer.startsWith(prefix));
  const lrFactors = parameters.perWeight((layer) => (isFrozen(layer) ? 0 : isHead(layer) ? settings.headLrFactor : 1)); // [P]
  const decayFactors = parameters.perWeight((_layer, shape) => (shape.length > 1 ? 1 : 0)); // [P], no decay for biases and norms
  let state = input.state ?? (await initialState(parameters, emaDecay, input.fingerprint));

  while (state.epoch < epochs && !isOutOfPatience(state, settings)) {
    const started = performance.now();
    const { epoch } = state; // from 0
    const progress = { epoch, epochs };
    const { weights, adam, average: ema } = copyOf(state);
    const batches = new EpochBatches(training, settings, method.secondView(progress), classCount, epoch);
    const rows = new RowTable(training.rowLabels, classCount);
    const means = new EpochMeans();
    let lr = 0;

    for (let step = 0; step < batches.steps; step += 1) {
      if (signal?.aborted === true) return state;
      const microBatches = await batches.microBatches(step);
      const results = await unlessAborted(runner.run(weights, microBatches, progress), signal);
      if (results === null) return state;
      const { gradient, moving, loss, parts, count } = averageResults(results);
      if (!Number.isFinite(loss) || !Number.isFinite(globalNorm(gradient))) throw diverged(epoch);

      if (gradClip !== null) clipToNorm(gradient, gradClip);
      lr = settings.lr * lrFactor(settings.schedule, epoch + step / batches.steps, epochs, settings.warmUpEpochs);
      adamStep(weights.trained, gradient, adam, lr, settings.adam, lrFactors, decayFactors);
      weights.moving.set(moving);
      if (ema !== null) updateEma(ema, weights, emaDecay!, adam.steps);

      results.forEach(({ logits }, i) => {
        rows.put(microBatches[i]!.rows, logits);
      });
      means.add(count, { loss, ...parts });
      input.onStep?.({ epoch: epoch + 1, done: batches.done(step + 1), total: batches.count, loss });
    }

    parameters.write(ema ?? weights);
    const logits =
      validation === null ? null : await unlessAborted(validation.logits(predictWith(model, signal)), signal);
    if (validation !== null && logits === null) return state;
    if (logits?.every((row) => row.every(Number.isFinite)) === false) throw diverged(epoch);
    const { loss, ...parts } = means.values();
    const seconds = (performance.now() - started) / 1000;
    const record: EpochRecord = {
      epoch: epoch + 1,
      learningRate: lr,
      loss: loss!,
      parts,
      trainAccuracy: rows.accuracy(),
      validation: logits && splitMetrics(logits, validation!.labels, classCount), // [R][C]
      calibration: logits && fitCalibration(logits, validation!.labels),
      seconds,
      samplesPerSecond: batches.count / seconds,
    };
    const score = scoreOf(record.validation, selectBy);
    const isBest = validation === null || score > state.bestScore;
    state = {
      epoch: epoch + 1,
      bestEpoch: isBest ? epoch + 1 : state.bestEpoch,
      bestScore: isBest ? score : state.bestScore,
      history: [...state.history, record],
      fingerprint: input.fingerprint,
      ...{ weights, adam, average: ema },
    };
    await input.onEpoch({ state, isBest, rows: rows.values });
  }
  return state;
}

async function initialState(
  parameters: ModelWeights,
  emaDecay: number | null,
  fingerprint: string,
): Promise<TrainingState> {
  const weights = await parameters.read();
  return {
    ...{ epoch: 0, bestEpoch: 0, bestScore: -Infinity, history: [] },
    fingerprint,
    weights,
    adam: adamState(weights.trained.length),
    average: emaDecay === null ? null : copyOfVectors(weights),
  };
}

/** State that a training step changes in place. */
function copyOf({ weights, adam, average }: TrainingState): Pick<TrainingState, 'weights' | 'adam' | 'average'> {
  return {
    weights: copyOfVectors(weights),
    adam: { first: adam.first.slice(), second: adam.second.slice(), steps: adam.steps },
    average: average === null ? null : copyOfVectors(average),
  };
}

function copyOfVectors({ trained, moving }: WeightVectors): WeightVectors {
  return { trained: trained.slice(), moving: moving.slice() };
}

/** Higher is better. Without validation every epoch scores the same, and the last one is kept. */
function scoreOf(validation: SplitMetrics | null, selectBy: SelectionMetric): number {
  if (validation === null) return -Infinity;
  return selectBy === 'loss' ? -validation.loss : validation[selectBy];
}

/** Whether training ends early here. */
export function isOutOfPatience(
  { epoch, bestEpoch }: Pick<TrainingState, 'epoch' | 'bestEpoch'>,
  { patience }: Pick<FitSettings, 'patience'>,
): boolean {
  return patience !== null && epoch - bestEpoch >= patience;
}

/** @param epoch from 0 */
function diverged(epoch: number): FerError {
  return new FerError(
    'CONFIG_INVALID',
    `training diverged in epoch ${epoch + 1}: the loss or the weights are not finite; start again with a lower optimizer.lr, or with optimizer.gradClip=1`,
  );
}

/** Means over an epoch's samples. A part that is missing in some steps is averaged over the others. */
class EpochMeans {
  private readonly sums = new Map<string, { sum: number; count: number }>();

  add(count: number, values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const total = this.sums.get(name) ?? { sum: 0, count: 0 };
      this.sums.set(name, { sum: total.sum + count * value, count: total.count + count });
    }
  }

  values(): Record<string, number> {
    return Object.fromEntries([...this.sums].map(([name, { sum, count }]) => [name, sum / count]));
  }
}
