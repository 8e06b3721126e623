import { FerError } from '../../errors/fer-error.js';
import { requireFinite } from '../../model/expression-model.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { DEFAULT_PRIOR, priorAdapter } from '../../model/class-prior.js';
import type { PriorChoice } from '../../model/class-prior.js';
import { nearestFaces } from '../augment/clip.js';
import { mean } from '../util/arrays.js';
import { predictedClasses } from '../metrics/classification-metrics.js';
import type { LabelledFace } from '../data/faces/face-dataset.js';
import { RunningMetrics } from './running-metrics.js';
import type { Evaluation } from './running-metrics.js';
import { stretchesOf } from '../data/training/training-set.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import { flip } from '../augment/pixel.js';

/** Crops encoded at a time. */
const BATCH = 64;

/** A model's prediction for one labelled face. */
export interface Prediction {
  /** Id of the sample, in clips with the frame. */
  readonly id: string;
  readonly frame: number | null;
  readonly truth: string;
  readonly predicted: string;
  /** Over the model's labels. [C] */
  readonly posteriors: Float32Array;
}

export interface EvaluateOptions {
  /** Average the posteriors with those of the mirrored picture. */
  readonly flip?: boolean;
  /** Class frequencies that posteriors count on. With "auto", answers depend on the samples before. */
  readonly prior?: PriorChoice;
  /** Leave out truths that the model cannot name; by default they count as wrong. */
  readonly ignoreMissing?: boolean;
  /** Gets every prediction, in the order of the crops; waited for. */
  readonly onPrediction?: (prediction: Prediction) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface EvaluationOfCrops extends Evaluation {
  /** Frames without a label: context only, not counted. */
  readonly unlabelledFrames: number;
  /** Labelled frames without a face: counted, and answered as if they showed the nearest frame of their clip with one. */
  readonly framesWithoutFace: number;
  /** Labelled frames of clips without any face: no answer, not counted. */
  readonly unansweredFrames: number;
}

/** Frame-encoder output of a face. */
interface Features {
  readonly plain: Float32Array;
  readonly mirrored: Float32Array | null;
}

interface Seen extends Omit<LabelledFace, 'crop'> {
  readonly features: Features | null;
}

/** A model's answers for a clip, or for an image, before they are adapted to class frequencies. */
export interface Answers {
  readonly labelled: readonly (Pick<Prediction, 'id' | 'frame' | 'truth'> & {
    /** Over the model's labels. [C] */
    readonly posteriors: ArrayLike<number>;
  })[];
  readonly unlabelledFrames: number;
  readonly framesWithoutFace: number;
  readonly unansweredFrames: number;
}

/**
 * Tests a model on labelled faces, as it answers when annotating. Every labelled frame of a clip counts: a frame without a face is answered as the nearest one
 * with a face, as in validation during training. Faces are pulled in batches, and only the features of the current clip are held, so memory does not grow with the data.
 *
 * @param crops all cut with `model.crop`
 * @throws FerError INTERRUPTED after `signal`, MODEL_BROKEN for posteriors that are not finite, and what `crops` throws
 */
export async function evaluate(
  model: ExpressionModel,
  crops: AsyncIterable<LabelledFace> | Iterable<LabelledFace>,
  options: EvaluateOptions = {},
): Promise<EvaluationOfCrops> {
  return evaluateAnswers(model, answersTo(model, crops, options), options);
}

/**
 * The second half of `evaluate`: adapts answers to class frequencies and counts them, in their order.
 * @throws what `answers` throws
 */
export async function evaluateAnswers(
  model: Pick<ExpressionModel, 'labels' | 'trainingPrior'>,
  answers: AsyncIterable<Answers>,
  { prior = DEFAULT_PRIOR, ignoreMissing = false, onPrediction }: EvaluateOptions = {},
): Promise<EvaluationOfCrops> {
  const priors = priorAdapter(model, prior);
  const metrics = new RunningMetrics(model.labels, ignoreMissing);
  const counts = { unlabelledFrames: 0, framesWithoutFace: 0, unansweredFrames: 0 };
  for await (const answer of answers) {
    counts.unlabelledFrames += answer.unlabelledFrames;
    counts.framesWithoutFace += answer.framesWithoutFace;
    counts.unansweredFrames += answer.unansweredFrames;
    const labelled = answer.labelled.map((one) => ({
      ...one,
      posteriors: priors.adapt(Float32Array.from(one.posteriors)),
    }));
    metrics.add(
      labelled.map(({ truth }) => truth),
      labelled.map(({ posteriors }) => posteriors),
    );
    const winners = predictedClasses(labelled.map(({ posteriors }) => posteriors));
    for (const [i, one] of labelled.entries())
      await onPrediction?.({ ...one, predicted: model.labels.labels[winners[i]!]! });
  }
  return { ...metrics.result(), ...counts };
}

/**
 * The first half of `evaluate`: answers clip by clip, in the order of the crops.
 * @throws as `evaluate`
 */
export async function* answersTo(
  model: ExpressionModel,
  crops: AsyncIterable<LabelledFace> | Iterable<LabelledFace>,
  { flip: mirror = false, signal }: Pick<EvaluateOptions, 'flip' | 'signal'> = {},
): AsyncGenerator<Answers, void, undefined> {
  let clip: Seen[] = [];
  for await (const batch of inBatches(crops)) {
    if (signal?.aborted === true) throw new FerError('INTERRUPTED', 'evaluation stopped: run it again');
    for (const seen of await look(model, batch, mirror)) {
      if (clip.length > 0 && (seen.frame === null || seen.id !== clip[0]!.id)) {
        yield await answer(model, clip);
        clip = [];
      }
      if (seen.frame === null) yield await answer(model, [seen]);
      else clip.push(seen);
    }
  }
  if (clip.length > 0) yield await answer(model, clip);
}

async function answer(model: ExpressionModel, sequence: readonly Seen[]): Promise<Answers> {
  const nearest = nearestFaces(sequence.map(({ features }) => features !== null));
  const withoutFace = sequence.filter(({ label, features }) => label !== null && features === null).length;
  if (nearest === null) {
    const unlabelledFrames = sequence.length - withoutFace;
    return { labelled: [], unlabelledFrames, framesWithoutFace: 0, unansweredFrames: withoutFace };
  }
  const posteriors = await posteriorsOf(
    model,
    nearest.map((at) => sequence[at]!.features!),
    sequence.map(({ timestamp }) => timestamp),
  );
  requireFinite(posteriors, model.name);
  const labelled = sequence.flatMap(({ id, frame, label: truth }, i) =>
    truth === null ? [] : [{ id, frame, truth, posteriors: posteriors[i]! }],
  );
  const unlabelledFrames = sequence.length - labelled.length;
  return { labelled, unlabelledFrames, framesWithoutFace: withoutFace, unansweredFrames: 0 };
}

async function look(model: ExpressionModel, batch: readonly LabelledFace[], mirror: boolean): Promise<Seen[]> {
  const faces = batch.flatMap(({ crop }) => crop ?? []);
  const plain = faces.length === 0 ? [] : await model.encode(faces);
  // A model with flip averaging gives the same for both.
  const mirrored = mirror && !model.flipTta && faces.length > 0 ? await model.encode(faces.map(mirroredCrop)) : null;
  let next = 0;
  return batch.map(({ crop, ...rest }) => {
    if (crop === null) return { ...rest, features: null };
    const face = next++;
    return { ...rest, features: { plain: plain[face]!, mirrored: mirrored?.[face] ?? null } };
  });
}

/** @param seen of every frame the face that is seen there [T] @returns [T][C] */
async function posteriorsOf(
  model: ExpressionModel,
  seen: readonly Features[],
  timestamps: readonly number[],
): Promise<Float32Array[]> {
  const plain = await classifyClip(
    model,
    seen.map((features) => features.plain),
    timestamps,
  );
  const mirrored = seen.flatMap((features) => features.mirrored ?? []);
  if (mirrored.length === 0) return plain;
  const other = await classifyClip(model, mirrored, timestamps);
  return plain.map((row, i) => mean(row, other[i]!));
}

async function* inBatches(
  crops: AsyncIterable<LabelledFace> | Iterable<LabelledFace>,
): AsyncGenerator<LabelledFace[], void, undefined> {
  let batch: LabelledFace[] = [];
  for await (const crop of crops) {
    batch.push(crop);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Posteriors for every frame of a clip: the whole of it is seen at once, or stretches of one that is very long. [T][D] -> [T][C] */
export async function classifyClip(
  model: Pick<ExpressionModel, 'classify'>,
  features: readonly Float32Array[],
  timestamps: readonly number[],
): Promise<Float32Array[]> {
  const posteriors: Float32Array[] = [];
  for (const { first, last, from, to } of stretchesOf(features.length)) {
    posteriors.push(
      ...(await model.classify({
        features: features.slice(first, last),
        timestamps: timestamps.slice(first, last),
        from: from - first,
        to: to - first,
      })),
    );
  }
  return posteriors;
}

/** The face with left and right exchanged. */
export function mirroredCrop({ geometry, data }: FaceCrop): FaceCrop {
  const { size, channels } = geometry;
  return { geometry, data: flip({ data, height: size, width: size, channels }).data };
}
