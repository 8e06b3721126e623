import type { SamplerName } from '../../config/sampler.js';
import type { SecondView } from '../../losses/epoch-progress.js';
import type { SeededRandom } from '../../util/seeded-random.js';

/** Frames that a temporal network sees at once; attention grows with their square. */
const MOST_AT_ONCE = 512;
/** Longer clips: frames classified at a time, and context frames on either side. */
const STRETCH = 256;
const MARGIN = 128;

/** Frames first..last-1 are seen, from..to-1 of them answered. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

/** How a whole clip goes through a temporal network: at once, or where it has more than 512 frames in stretches of 256 with 128 around them. */
export function stretchesOf(length: number): readonly Stretch[] {
  const stretch = length <= MOST_AT_ONCE ? length : STRETCH;
  const stretches: Stretch[] = [];
  for (let from = 0; from < length; from += stretch) {
    const to = Math.min(length, from + stretch);
    stretches.push({ first: Math.max(0, from - MARGIN), last: Math.min(length, to + MARGIN), from, to });
  }
  return stretches;
}

/** Part of a training batch, as plain numbers, so that any thread can compute it. B images or clips; N = B, or B T for clips of T frames. */
export interface MicroBatch {
  /** Shape of one view: [B, S, S, C] images or [B, T, D] clip features. */
  readonly shape: readonly number[];
  readonly first: Float32Array;
  /** The second view; null when the method asks for none. */
  readonly second: Float32Array | null;
  /** Class indices, negative without a label [N]; when `isSoft`, class probabilities [N, C]. */
  readonly labels: Float32Array;
  readonly isSoft: boolean;
  /** Features of teachers for the samples, where they are asked for. [B, D] */
  readonly teacherFeatures?: Float32Array;
  /** Row of `rowLabels` of each sample. [N] */
  readonly rows: Int32Array;
}

/**
 * Samples to draw. `random` is that of the epoch; `repeats` says how often the epoch has drawn each sample before, default 0. [indices.length]
 */
export type BatchRequest = readonly [
  indices: readonly number[],
  secondView: SecondView,
  random: SeededRandom,
  repeats?: readonly number[],
];

/** Training data: images or clips. */
export interface TrainingSet {
  /** Images or clips. */
  readonly count: number;
  /** The class of each for the sampler; -1 without one. [count] */
  readonly classes: readonly number[];
  /** Name of every row (an image, or a frame of a clip). [R] */
  readonly rowIds: readonly string[];
  /** The same for people, where that differs: "talk.mp4, 5.4 s". [R] */
  readonly rowNames?: readonly string[];
  /** The labels trained with, -1 without one. [R] */
  readonly rowLabels: Int32Array;
  /** How often rows of each class are trained with in an epoch, up to a factor, where samples have several rows. [C] */
  drawn?(sampler: SamplerName, classCount: number): number[];
  /** Reads, augments and stacks samples. All randomness of a sample comes from `sampleRng(random, index, repeat)`. */
  sampleBatch(...request: BatchRequest): Promise<MicroBatch>;
  /** One row's picture for the report, where there is one. [S, S, C] */
  picture(row: number): Promise<Uint8Array | null>;
}

/** Random numbers of one sample in an epoch. A sample drawn again is augmented differently. @param repeat how often the epoch has drawn it before */
export function sampleRng(random: SeededRandom, index: number, repeat = 0): SeededRandom {
  return random.fork(repeat === 0 ? String(index) : `${index} turn ${repeat}`);
}

/** Validation data. */
export interface EvaluationSet {
  /** Truth of each row; -1 without one. [R] */
  readonly labels: Int32Array;
  /** Logits of each row by the model, in inference mode. [R][C] */
  logits(predict: Predict): Promise<Float32Array[]>;
}

/** Runs a batch through the network: its values and shape in, logits [..., C] out. */
export type Predict = (values: Float32Array, shape: readonly number[]) => Promise<Float32Array>;

/** Called with the number of files read so far. */
export type OnRead = (done: number, total: number) => void;
