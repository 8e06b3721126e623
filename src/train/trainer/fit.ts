import type * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import type { Method } from '../losses/method.js';
import { SeededRandom } from '../util/seeded-random.js';
import { adamState, adamStep } from './adam-w.js';
import type { AdamSettings } from './adam-w.js';
import { fitCalibration } from '../metrics/calibration.js';
import { averageShards } from './average-shards.js';
import type { EpochRecord, SplitMetrics } from '../records/epoch-record.js';
import { clipToNorm, globalNorm } from './gradient-norm.js';
import { mixShard } from './mix-shard.js';
import { ModelWeights } from './model-weights.js';
import type { WeightVectors } from './model-weights.js';
import { followWeights } from './moving-average.js';
import { predictWith } from '../job/predict.js';
import { RowTable } from '../records/row-table.js';
import { epochOrder, turnsOf } from '../config/sampler.js';
import type { SamplerName } from '../config/sampler.js';
import { scheduleFactor } from './schedule.js';
import type { Schedule } from './schedule.js';
import type { ShardRunner } from './shard-runner.js';
import { splitMetrics } from '../metrics/split-metrics.js';
import type { DrawnShard, EvaluationSet, TrainingSet } from '../data/training/training-set.js';
import type { TrainingState } from '../records/training-state.js';

export type SelectionMetric = 'accuracy' | 'meanClassAccuracy' | 'macroF1' | 'loss';

/** How to go about it; the method says what to minimise. */
export interface FitSettings {
  readonly epochs: number;
  /** Images or clips a step. */
  readonly batchSize: number;
  /**
   * Parts into which every batch is cut. Each goes through the network by itself (batch normalisation and DNFER's thresholds see only their own
   * part), so the result depends on this number, and not on how many workers share the parts out among themselves.
   */
  readonly shards: number;
  /** Batches whose gradients are averaged before a step. */
  readonly accumulate: number;
  readonly learningRate: number;
  /** Factor for the layer "logits". */
  readonly headRate: number;
  readonly warmUpEpochs: number;
  readonly schedule: Schedule;
  readonly adam: AdamSettings;
  /** Longest gradient; null for no limit. */
  readonly clipNorm: number | null;
  /** Decay of the moving average of the weights, which is then the model that is judged and kept; null for none. */
  readonly averageDecay: number | null;
  readonly sampler: SamplerName;
  /** Mixup with lambda from Beta(alpha, alpha), within every shard; null for none. */
  readonly mixup: { readonly alpha: number } | null;
  /** Epochs without a better model after which training ends; null for never. */
  readonly patience: number | null;
  readonly selectBy: SelectionMetric;
  readonly seed: number;
}

export interface FitInput {
  readonly model: tf.LayersModel;
  readonly method: Method;
  readonly runner: ShardRunner;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  readonly classCount: number;
  readonly settings: FitSettings;
  /** Of the configuration and data; see TrainingState. */
  readonly fingerprint: string;
  /** Where to go on; null to begin. */
  readonly state: TrainingState | null;
  readonly signal?: AbortSignal | undefined;
  /** After each step. */
  readonly onStep?:
    | ((progress: {
        readonly epoch: number;
        readonly done: number;
        readonly total: number;
        readonly loss: number;
      }) => void)
    | undefined;
  /** After each epoch; awaited. While it runs, the model holds the weights to keep (the average, where there is one). */
  readonly onEpoch: (done: FinishedEpoch) => Promise<void>;
}

export interface FinishedEpoch {
  readonly state: TrainingState;
  readonly isBest: boolean;
  /** (p_GT, p_NN, predicted class) of every row, as it was seen in training [R, 3] */
  readonly rows: Float32Array;
}

/**
 * The training loop: every epoch draws, augments, steps, judges on the validation set, and hands over all that is needed to go on from there.
 * Interrupted, it ends after the step it is at; what came after the last finished epoch is done again, to the same numbers.
 * @throws FerError CONFIG_INVALID when numbers grow beyond all bounds, from which no network comes back
 */
export async function fit(input: FitInput): Promise<TrainingState> {
  const { model, method, runner, training, settings, signal } = input;
  const { epochs, batchSize, accumulate, adam: adamSettings, seed } = settings;
  const modelWeights = new ModelWeights(model);
  const rates = modelWeights.perWeight((layer) => (layer === 'logits' ? settings.headRate : 1)); // [P]
  const decays = modelWeights.perWeight((_layer, shape) => (shape.length > 1 ? 1 : 0)); // [P], biases and norms keep their size
  const begun = input.state ?? (await beginning(modelWeights, settings, input.fingerprint));
  const weights = copyOf(begun.weights);
  const average = begun.average === null ? null : copyOf(begun.average);
  const adam = { first: begun.adam.first.slice(), second: begun.adam.second.slice(), steps: begun.adam.steps };
  let state = begun;

  while (state.epoch < epochs && !isOutOfPatience(state, settings) && signal?.aborted !== true) {
    const began = performance.now();
    const epoch = state.epoch; // from 0
    const moment = { epoch, epochs };
    const random = new SeededRandom(seed).fork(`epoch ${epoch}`);
    const order = epochOrder(settings.sampler, training.classes, random.fork('order'));
    const turns = turnsOf(order);
    const steps = Math.ceil(order.length / (batchSize * accumulate));
    const table = new RowTable(training.rowLabels, input.classCount);
    const totals = new Totals();
    let learningRate = 0;

    for (let step = 0; step < steps; step += 1) {
      if (isAborted(signal)) return state;
      const shards: DrawnShard[] = [];
      const mixing = random.fork(`mixup ${step}`);
      for (let part = 0; part < accumulate; part += 1) {
        const from = (step * accumulate + part) * batchSize;
        for (const [first, last] of inShards(from, Math.min(order.length, from + batchSize), settings.shards)) {
          const drawn = await training.draw(
            order.slice(first, last),
            method.secondView(moment),
            random,
            turns.slice(first, last),
          );
          shards.push(
            settings.mixup === null ? drawn : mixShard(drawn, settings.mixup.alpha, input.classCount, mixing),
          );
        }
      }
      const seeds = random.fork(`dropout ${step}`);
      const results = await runner.run(
        weights,
        shards.map(({ shard }) => ({ ...shard, dropoutSeed: seeds.int(2 ** 20) })),
        moment,
      );
      const { gradient, moving, loss, parts, count } = averageShards(results);
      if (!Number.isFinite(loss) || !Number.isFinite(globalNorm(gradient))) throw blownUp(epoch);
      results.forEach(({ logits }, i) => {
        table.put(shards[i]!.rows, logits);
      });
      totals.add(count, { loss, ...parts });

      if (settings.clipNorm !== null) clipToNorm(gradient, settings.clipNorm);
      learningRate =
        settings.learningRate * scheduleFactor(settings.schedule, epoch + step / steps, epochs, settings.warmUpEpochs);
      adamStep(weights.trained, gradient, adam, learningRate, adamSettings, rates, decays);
      weights.moving.set(moving);
      if (average !== null) {
        followWeights(average.trained, weights.trained, settings.averageDecay!, adam.steps);
        followWeights(average.moving, weights.moving, settings.averageDecay!, adam.steps);
      }
      input.onStep?.({
        epoch: epoch + 1,
        done: Math.min(order.length, (step + 1) * batchSize * accumulate),
        total: order.length,
        loss,
      });
    }

    modelWeights.write(average ?? weights);
    const logits = input.validation === null ? [] : await input.validation.logits(predictWith(model));
    if (!logits.every((row) => row.every(Number.isFinite))) throw blownUp(epoch);
    const validation =
      input.validation === null ? null : splitMetrics(logits, input.validation.labels, input.classCount);
    const seconds = (performance.now() - began) / 1000;
    const { loss, ...parts } = totals.means();
    const record: EpochRecord = {
      epoch: epoch + 1,
      learningRate,
      loss: loss!,
      parts,
      trainAccuracy: table.accuracy(),
      validation,
      calibration: input.validation === null ? null : fitCalibration(logits, input.validation.labels),
      seconds,
      samplesPerSecond: order.length / seconds,
    };
    const score = scoreOf(validation, settings.selectBy);
    const isBest = validation === null || score > state.bestScore;
    state = {
      epoch: epoch + 1,
      bestEpoch: isBest ? epoch + 1 : state.bestEpoch,
      bestScore: isBest ? score : state.bestScore,
      history: [...state.history, record],
      fingerprint: input.fingerprint,
      weights: copyOf(weights),
      adam: { first: adam.first.slice(), second: adam.second.slice(), steps: adam.steps },
      average: average === null ? null : copyOf(average),
    };
    await input.onEpoch({ state, isBest, rows: table.values });
  }
  return state;
}

async function beginning(
  modelWeights: ModelWeights,
  { averageDecay }: FitSettings,
  fingerprint: string,
): Promise<TrainingState> {
  const weights = await modelWeights.read();
  return {
    epoch: 0,
    bestEpoch: 0,
    bestScore: -Infinity,
    history: [],
    fingerprint,
    weights,
    adam: adamState(weights.trained.length),
    average: averageDecay === null ? null : copyOf(weights),
  };
}

function copyOf({ trained, moving }: WeightVectors): WeightVectors {
  return { trained: trained.slice(), moving: moving.slice() };
}

/** Higher is better. Without validation every epoch is as good as the next, and the last one is kept. */
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

/** Asked anew each time: it changes while the loop waits. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** @param epoch from 0 */
function blownUp(epoch: number): FerError {
  return new FerError(
    'CONFIG_INVALID',
    `training blew up in epoch ${epoch + 1}, its numbers are not finite any more: begin anew with a lower optimizer.learningRate, or with optimizer.clipNorm=1`,
  );
}

/** Cuts the batch at the places from..to-1 into parts of as equal size as can be, each from its first place up to the first of the next; none is empty. */
function inShards(from: number, to: number, count: number): readonly (readonly [number, number])[] {
  const size = Math.max(0, to - from);
  const parts = Math.min(count, size);
  const place = (part: number): number => from + Math.floor((part * size) / parts);
  return Array.from({ length: parts }, (_, part) => [place(part), place(part + 1)] as const);
}

/** Sums up an epoch's numbers. A part that is missing in some steps is averaged over the others. */
class Totals {
  private readonly sums = new Map<string, { sum: number; count: number }>();

  add(count: number, values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const total = this.sums.get(name) ?? { sum: 0, count: 0 };
      this.sums.set(name, { sum: total.sum + count * value, count: total.count + count });
    }
  }

  means(): Record<string, number> {
    return Object.fromEntries([...this.sums].map(([name, { sum, count }]) => [name, sum / count]));
  }
}
