import type { SecondView } from '../../losses/method.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { Shard } from '../../trainer/shard.js';

/** Part of a batch, and which of the set's rows its N samples are. */
export interface DrawnShard {
  readonly shard: Omit<Shard, 'dropoutSeed'>;
  /** By sample: its row of `rowLabels`. [N] */
  readonly rows: Int32Array;
}

/** What is trained on: images or clips. */
export interface TrainingSet {
  /** Images or clips. */
  readonly count: number;
  /** The class of each for the sampler; -1 without one. [count] */
  readonly classes: readonly number[];
  /** What every row (an image, or a frame of a clip) is called. [R] */
  readonly rowIds: readonly string[];
  /** The labels trained with, -1 without one. [R] */
  readonly rowLabels: Int32Array;
  /**
   * Cuts, augments and stacks. All chance of a sample comes from `chanceOf(random, index, turn)`.
   * @param random of the epoch
   * @param turns how often the epoch has drawn each of them before; never, where left out [indices.length]
   */
  draw(
    indices: readonly number[],
    secondView: SecondView,
    random: SeededRandom,
    turns?: readonly number[],
  ): Promise<DrawnShard>;
  /** One row's picture for the report, where there is one. [S, S, C] */
  picture(row: number): Promise<Uint8Array | null>;
}

/** The chance of one sample in an epoch. Drawn again, as samplers draw rare classes, it is augmented anew: else they would see a sample's same picture several times. */
export function chanceOf(random: SeededRandom, index: number, turn = 0): SeededRandom {
  return random.fork(turn === 0 ? String(index) : `${index} turn ${turn}`);
}

/** What a model is judged by. */
export interface EvaluationSet {
  /** Truth of each row; -1 without one. [R] */
  readonly labels: Int32Array;
  /** Logits of each row by the model, in inference mode. [R][C] */
  logits(predict: Predict): Promise<Float32Array[]>;
}

/** Runs a batch through the network: its values and shape in, logits [..., C] out. */
export type Predict = (values: Float32Array, shape: readonly number[]) => Promise<Float32Array>;
