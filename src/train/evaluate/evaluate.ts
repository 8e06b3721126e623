import { FerError } from '../../errors/index.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { flip } from '../augment/index.js';
import { predictedClasses } from '../metrics/index.js';
import { classifyClip } from './classify-clip.js';
import type { LabelledCrop, Prediction } from './labelled-crop.js';
import { Tally } from './tally.js';
import type { Evaluation } from './tally.js';

/** Crops encoded at a time. */
const BATCH = 64;

export interface EvaluateOptions {
  /** Average the posteriors with those of the mirrored picture. */
  readonly flip?: boolean;
  /** Leave out truths that the model cannot name; by default they count as wrong. */
  readonly ignoreMissing?: boolean;
  /** Gets every prediction, in the order of the crops; waited for. */
  readonly onPrediction?: (prediction: Prediction) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface EvaluationOfCrops extends Evaluation {
  /** Frames of clips that nobody labelled: seen as context, not counted. */
  readonly unlabelledFrames: number;
}

interface Seen extends Omit<LabelledCrop, 'crop'> {
  readonly features: Float32Array;
  readonly mirrored: Float32Array | null;
}

/**
 * Tests a model, in the seat in which it annotates, on faces whose expressions are known. Faces are pulled in batches; of clips only the features of the one at
 * work are held, so memory does not grow with the data.
 *
 * @param crops all cut with `model.crop`
 * @throws FerError INTERRUPTED after `signal`, and what `crops` throws
 */
export async function evaluate(
  model: ExpressionModel,
  crops: AsyncIterable<LabelledCrop> | Iterable<LabelledCrop>,
  { flip: mirror = false, ignoreMissing = false, onPrediction, signal }: EvaluateOptions = {},
): Promise<EvaluationOfCrops> {
  const tally = new Tally(model.labels, ignoreMissing);
  let unlabelledFrames = 0;

  const answer = async (sequence: readonly Seen[]): Promise<void> => {
    const posteriors = await posteriorsOf(model, sequence);
    const labelled = sequence.flatMap(({ id, frame, truth }, i) => (truth === null ? [] : [{ id, frame, truth, posteriors: posteriors[i]! }]));
    unlabelledFrames += sequence.length - labelled.length;
    tally.add(labelled.map(({ truth }) => truth), labelled.map((entry) => entry.posteriors));
    const winners = predictedClasses(labelled.map((entry) => entry.posteriors));
    for (const [i, entry] of labelled.entries()) await onPrediction?.({ ...entry, predicted: model.labels.labels[winners[i]!]! });
  };

  let clip: Seen[] = [];
  for await (const batch of inBatches(crops)) {
    if (signal?.aborted === true) throw new FerError('INTERRUPTED', 'evaluation stopped; run it again for the whole');
    for (const seen of await look(model, batch, mirror)) {
      if (clip.length > 0 && (seen.frame === null || seen.id !== clip[0]!.id)) {
        await answer(clip);
        clip = [];
      }
      if (seen.frame === null) await answer([seen]);
      else clip.push(seen);
    }
  }
  if (clip.length > 0) await answer(clip);
  return { ...tally.result(), unlabelledFrames };
}

async function look(model: ExpressionModel, batch: readonly LabelledCrop[], mirror: boolean): Promise<Seen[]> {
  const features = await model.encode(batch.map(({ crop }) => crop));
  const mirrored = mirror ? await model.encode(batch.map(({ crop }) => mirroredCrop(crop))) : null;
  return batch.map(({ id, frame, timestamp, truth }, i) => ({ id, frame, timestamp, truth, features: features[i]!, mirrored: mirrored?.[i] ?? null }));
}

async function posteriorsOf(model: ExpressionModel, sequence: readonly Seen[]): Promise<Float32Array[]> {
  const timestamps = sequence.map(({ timestamp }) => timestamp);
  const plain = await classifyClip(model, sequence.map(({ features }) => features), timestamps);
  const mirrored = sequence.flatMap((seen) => seen.mirrored ?? []);
  if (mirrored.length === 0) return plain;
  const other = await classifyClip(model, mirrored, timestamps);
  return plain.map((row, i) => row.map((p, k) => (p + other[i]![k]!) / 2));
}

function mirroredCrop({ geometry, data }: FaceCrop): FaceCrop {
  const { size, channels } = geometry;
  return { geometry, data: flip({ data, height: size, width: size, channels }).data };
}

async function* inBatches(crops: AsyncIterable<LabelledCrop> | Iterable<LabelledCrop>): AsyncGenerator<LabelledCrop[], void, undefined> {
  let batch: LabelledCrop[] = [];
  for await (const crop of crops) {
    batch.push(crop);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
