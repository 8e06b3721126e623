import { FerError } from '../../errors/fer-error.js';
import { readCheckpointInfo } from '../../model/checkpoint/checkpoint.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { outputCheckpoint } from '../../model/heads/model-folder.js';
import { evaluate } from './evaluate.js';
import type { LabelledFace } from '../data/faces/face-dataset.js';
import { confidence, fitCalibration } from '../metrics/calibration.js';
import type { Calibration } from '../metrics/calibration.js';

/** Result of calibrating a model. */
export interface ModelCalibration {
  /** Faces it was fitted on. */
  readonly count: number;
  /** With the temperature that the model had. */
  readonly before: Calibration;
  readonly after: Calibration;
}

/** Below this a posterior counts as it: float32 rounds smaller ones to 0, which has no logarithm. */
const LEAST = 1e-37;

/**
 * Fits the temperature at which a model's confidence matches its accuracy on these faces, without flip averaging.
 * @param model as it is in `folder`
 * @param crops held-out faces cut with `model.crop`; those whose truth the model does not know are left out
 * @throws FerError INPUT_UNREADABLE where none is left, INTERRUPTED after `signal`, and what `crops` throws
 */
export async function calibrateModel(
  model: ExpressionModel,
  folder: string,
  crops: AsyncIterable<LabelledFace> | Iterable<LabelledFace>,
  signal?: AbortSignal,
): Promise<ModelCalibration> {
  const { temperature: had = 1, priors } = await readCheckpointInfo(await outputCheckpoint(folder));
  // Class frequencies are put in after the temperature: fitted on posteriors with others than the network's own, it would scale those too.
  const prior = priors && Object.fromEntries(model.labels.labels.map((label, k) => [label, priors.posteriors[k]!]));
  const logits: Float64Array[] = [];
  const truths: number[] = [];
  await evaluate(model, crops, {
    ignoreMissing: true,
    ...(prior && { prior }),
    ...(signal && { signal }),
    onPrediction: ({ truth, posteriors }) => {
      if (!model.labels.has(truth)) return;
      // T log softmax(z / T) is z up to a constant that no softmax sees.
      logits.push(Float64Array.from(posteriors, (p) => had * Math.log(Math.max(p, LEAST))));
      truths.push(model.labels.indexOf(truth));
    },
  });
  if (truths.length === 0)
    throw new FerError(
      'INPUT_UNREADABLE',
      `model ${folder}: the data have no face with a label the model knows: give another data set or split`,
    );
  return {
    count: truths.length,
    before: { temperature: had, ...confidence(logits, truths, had) },
    after: fitCalibration(logits, truths),
  };
}
