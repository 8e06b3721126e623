import * as tf from '@tensorflow/tfjs';
import { reseedDropout } from '../../model/networks/seeded-dropout.js';
import type { Labels } from '../losses/labels.js';
import type { Method, TrainingMoment } from '../losses/method.js';
import type { ModelWeights } from './model-weights.js';

/** Part of a batch, as plain numbers, so that any thread can work on it. B images or clips; N = B, or B T where clips of T frames are. */
export interface Shard {
  /** Of a view: [B, S, S, C] images or [B, T, D] features of clips. */
  readonly shape: readonly number[];
  readonly first: Float32Array;
  /** The second view, where the method wants one. */
  readonly second: Float32Array | null;
  /** Class indices, negative without a label [N], or where `isSoft` shares of the classes [N, classes]. */
  readonly labels: Float32Array;
  readonly isSoft: boolean;
  readonly dropoutSeed: number;
}

export interface ShardResult {
  /** Of the loss by every trained weight [P] */
  readonly gradient: Float32Array;
  /** Moving statistics after the shard [Q] */
  readonly moving: Float32Array;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Of the first view, in training mode [N, classes] */
  readonly logits: Float32Array;
  /** Images or clips. */
  readonly count: number;
}

/**
 * Loss and gradients of one shard at the model's weights. Both views go through the network together, so that batch
 * normalisation sees one batch.
 */
export async function computeShard(
  model: tf.LayersModel,
  weights: ModelWeights,
  method: Method,
  shard: Shard,
  moment: TrainingMoment,
): Promise<ShardResult> {
  const { shape, labels: labelValues, isSoft } = shard;
  const count = shape[0]!;
  reseedDropout(model, shard.dropoutSeed);
  const views = [shard.first, ...(shard.second === null ? [] : [shard.second])];

  const outputs = tf.tidy(() => {
    const input = tf.concat(views.map((view) => tf.tensor(view, [...shape]))); // [B or 2 B, ...]
    let firstLogits: tf.Tensor2D | undefined;
    let parts: Record<string, tf.Scalar> = {};
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.apply(input, { training: true }) as tf.Tensor; // [B or 2 B, (T,) classes]
      const classes = logits.shape.at(-1)!;
      const rows = logits.reshape<tf.Tensor2D>([-1, classes]); // [N or 2 N, classes]
      const samples = rows.shape[0] / views.length; // N
      const first = rows.slice<tf.Tensor2D>([0, 0], [samples, classes]); // [N, classes]
      const second = views.length === 1 ? null : rows.slice<tf.Tensor2D>([samples, 0], [samples, classes]); // [N, classes]
      const labels: Labels = isSoft ? tf.tensor2d(labelValues, [samples, classes]) : tf.tensor1d(labelValues);
      const result = method.loss(first, second, labels, moment);
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
      count,
    };
  } finally {
    tf.dispose([outputs.gradient, outputs.logits, outputs.loss, ...Object.values(outputs.parts)]);
  }
}
