import { FerError } from '../../errors/fer-error.js';
import { loadCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { LabelSet } from '../label-set.js';
import { tf } from '../tfjs.js';
import { findModelFolder } from './model-folder.js';

/**
 * Writes the frame model whose weights are the mean of several models' weights (Wortsman et al., "Model soups", ICML 2022). Networks trained from one
 * start can be averaged so; it costs no more than one of them and is often as good as their ensemble.
 * @param from folders of two or more frame models with the same network, label set and crop
 * @param to a new folder, or one of an older model; described as the first model is, without temperature, quality calibration and metrics, which hold
 *   for the weights they were measured with
 * @throws FerError MODEL_INCOMPATIBLE where they differ, WEIGHTS_MISSING, OUTPUT_UNWRITABLE
 */
export async function averageModels(from: readonly string[], to: string): Promise<void> {
  const checkpoints: Checkpoint[] = [];
  try {
    for (const folder of from) checkpoints.push(await loadFrameModel(folder, checkpoints[0]?.info));
    const [first, ...others] = checkpoints as [Checkpoint, ...Checkpoint[]];
    for (const [i, other] of others.entries()) assertAlike(first, other, `${from[0]!} and ${from[i + 1]!}`);
    tf.tidy(() => {
      const all = checkpoints.map(({ model }) => model.getWeights());
      first.model.setWeights(all[0]!.map((_, k) => tf.div(tf.addN(all.map((weights) => weights[k]!)), all.length)));
    });
    const { format: _format, files: _files, temperature: _t, qualityCalibration: _q, ...info } = first.info;
    const recipe = { ...info.recipe, averagedWith: others.map((one) => one.info.recipe) };
    await saveCheckpoint(first.model, to, { ...info, recipe, metrics: {} });
  } finally {
    for (const { model } of checkpoints) model.dispose();
  }
}

async function loadFrameModel(folder: string, like: Checkpoint['info'] | undefined): Promise<Checkpoint> {
  const { frame, temporal } = await findModelFolder(folder);
  if (temporal !== null)
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `model ${folder}: has a temporal network, and only frame networks can be averaged; use ${frame}`,
    );
  return loadCheckpoint(frame, {
    kind: 'frame',
    ...(like && { crop: like.crop, labels: new LabelSet(like.labelSet.name, like.labelSet.labels) }),
  });
}

function assertAlike(one: Checkpoint, other: Checkpoint, names: string): void {
  const [shapes, otherShapes] = [one, other].map(({ model }) =>
    model.weights.map(({ shape }) => shape.join('x')).join(),
  );
  if (shapes !== otherShapes)
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `models ${names} have different networks; average models that were trained from the same start`,
    );
  const [prior, otherPrior] = [one, other].map(({ info }) => info.priors?.posteriors.map((p) => p.toFixed(3)).join());
  if (prior !== otherPrior)
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `models ${names} assume different class frequencies; average models that were trained with the same "balance" on the same data`,
    );
}
