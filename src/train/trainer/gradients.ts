import { withFeatures } from '../../model/networks/classifier.js';
import { reseedDropout } from '../../model/networks/layers.js';
import { tf } from '../../model/tfjs.js';
import type { Predict } from '../data/training/training-set.js';
import type { EpochProgress } from '../losses/epoch-progress.js';
import type { Method, MethodResult } from '../losses/method.js';
import { relationalLoss } from '../losses/relational.js';
import type { Labels } from '../losses/distributions.js';
import type { WeightVectors } from '../records/training-state.js';
import { nextTurn } from '../util/event-loop.js';
import type { SeededMicroBatch } from './epoch-batches.js';
import { ModelWeights } from './model-weights.js';

/** Results of one micro-batch. */
export interface MicroBatchResult {
  /** Gradient of the loss by every trained weight. [P] */
  readonly gradient: Float32Array;
  /** Moving statistics after the micro-batch. [Q] */
  readonly moving: Float32Array;
  readonly loss: number;
  /** The loss's named parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Logits of the first view, in training mode. [N, C] */
  readonly logits: Float32Array;
  /** Images or clips. */
  readonly count: number;
}

/** Computes the gradients of a batch's micro-batches, here or in worker threads. Each starts from the same weights and moving statistics. */
export interface GradientRunner {
  /** Results in the order of `batches`, whose pixels may be transferred to a thread and are then gone here. */
  run(
    weights: WeightVectors,
    batches: readonly SeededMicroBatch[],
    progress: EpochProgress,
  ): Promise<MicroBatchResult[]>;
  dispose(): Promise<void>;
}

/** One micro-batch after the other, in this thread, with the given model. */
export class LocalRunner implements GradientRunner {
  private readonly weights: ModelWeights;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly method: Method,
  ) {
    this.weights = new ModelWeights(model);
  }

  async run(
    weights: WeightVectors,
    batches: readonly SeededMicroBatch[],
    progress: EpochProgress,
  ): Promise<MicroBatchResult[]> {
    this.weights.write(weights);
    const results: MicroBatchResult[] = [];
    for (const [i, batch] of batches.entries()) {
      if (i > 0) this.weights.writeMoving(weights.moving);
      results.push(await computeGradients(this.model, this.weights, this.method, batch, progress));
      await nextTurn();
    }
    return results;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Loss and gradients of one micro-batch at the model's weights. Both views go through the network together, so that batch
 * normalisation sees one batch.
 */
export async function computeGradients(
  model: tf.LayersModel,
  weights: ModelWeights,
  method: Method,
  batch: Omit<SeededMicroBatch, 'rows'>,
  progress: EpochProgress,
): Promise<MicroBatchResult> {
  const { shape, first: firstView, second: secondView, labels: labelValues, isSoft, teacherFeatures } = batch;
  reseedDropout(model, batch.dropoutSeed);
  const views = secondView === null ? [firstView] : [firstView, secondView];

  const outputs = tf.tidy(() => {
    const input = tf.concat(views.map((view) => tf.tensor(view, [...shape]))); // [B or 2 B, ...]
    let firstLogits: tf.Tensor2D | undefined;
    let parts: Record<string, tf.Scalar> = {};
    const { value, grads } = tf.variableGrads(() => {
      const [logits, features] = [
        (teacherFeatures === undefined ? model : withFeatures(model)).apply(input, { training: true }),
      ].flat() as [tf.Tensor, tf.Tensor2D?]; // [B or 2 B, (T,) C], [B or 2 B, D]
      const classes = logits.shape.at(-1)!;
      const rows = logits.reshape<tf.Tensor2D>([-1, classes]); // [N or 2 N, C]
      const samples = rows.shape[0] / views.length; // N
      const first = rows.slice<tf.Tensor2D>([0, 0], [samples, classes]); // [N, C]
      const second = views.length === 1 ? null : rows.slice<tf.Tensor2D>([samples, 0], [samples, classes]); // [N, C]
      const labels: Labels = isSoft ? tf.tensor2d(labelValues, [samples, classes]) : tf.tensor1d(labelValues);
      const plain = method.loss(first, second, labels, progress);
      const result =
        features === undefined
          ? plain
          : withRelations(
              plain,
              features.slice([0, 0], [samples, -1]),
              tf.tensor2d(teacherFeatures!, [samples, teacherFeatures!.length / samples]),
              method.relationalWeight ?? 0,
            );
      firstLogits = tf.keep(first.clone());
      parts = result.parts;
      for (const part of Object.values(parts)) tf.keep(part);
      return result.loss;
    }, weights.variables);
    const gradient = weights.flatten(grads); // [P]
    return { loss: value, gradient, logits: firstLogits!, parts };
  });

  try {
    const names = Object.keys(outputs.parts);
    const [gradient, logits, loss, moving, ...parts] = await Promise.all([
      outputs.gradient.data<'float32'>(),
      outputs.logits.data<'float32'>(),
      outputs.loss.data<'float32'>(),
      weights.readMoving(),
      ...names.map((name) => outputs.parts[name]!.data<'float32'>()),
    ]);
    return {
      gradient: gradient.slice(),
      moving,
      loss: loss[0]!,
      parts: Object.fromEntries(names.map((name, i) => [name, parts[i]![0]!])),
      logits: logits.slice(),
      count: shape[0]!,
    };
  } finally {
    tf.dispose([outputs.gradient, outputs.logits, outputs.loss, ...Object.values(outputs.parts)]);
  }
}

/** @param features of the first view [N, D] @param teacher of the teachers [N, E] */
function withRelations(
  { loss, parts }: MethodResult,
  features: tf.Tensor2D,
  teacher: tf.Tensor2D,
  weight: number,
): MethodResult {
  const relational = relationalLoss(features, teacher);
  return { loss: loss.add(relational.mul(weight)), parts: { ...parts, relational } };
}

/** Averages the micro-batches of a step, each weighted by its number of images or clips. */
export function averageResults(results: readonly Omit<MicroBatchResult, 'logits'>[]): Omit<MicroBatchResult, 'logits'> {
  const [first, ...others] = results;
  // Nothing to average, and millions of weights.
  if (first !== undefined && others.length === 0) return first;
  const count = results.reduce((sum, result) => sum + result.count, 0);
  const gradient = new Float32Array(results[0]!.gradient.length);
  const moving = new Float32Array(results[0]!.moving.length);
  const parts: Record<string, number> = {};
  let loss = 0;
  for (const result of results) {
    const share = result.count / count;
    addScaled(gradient, result.gradient, share);
    addScaled(moving, result.moving, share);
    loss += share * result.loss;
    for (const [name, value] of Object.entries(result.parts)) parts[name] = (parts[name] ?? 0) + share * value;
  }
  return { gradient, moving, loss, parts, count };
}

function addScaled(sum: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i += 1) sum[i]! += factor * values[i]!;
}

/** A model in inference mode, as numbers in and numbers out. Rejects with the reason of `signal` once it is aborted. */
export function predictWith(model: tf.LayersModel, signal?: AbortSignal): Predict {
  return async (values, shape) => {
    await nextTurn();
    signal?.throwIfAborted();
    const logits = tf.tidy(() => model.apply(tf.tensor(values, [...shape]), { training: false }) as tf.Tensor); // [..., C]
    try {
      return (await logits.data<'float32'>()).slice();
    } finally {
      logits.dispose();
    }
  };
}
