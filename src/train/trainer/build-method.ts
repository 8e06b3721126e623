import { FerError } from '../../errors/fer-error.js';
import type { MethodConfig, TrainConfig } from '../config/train-config.js';
import { adjustmentOffsets, withLogitAdjustment } from '../losses/method.js';
import type { Method } from '../losses/method.js';
import { crossEntropyMethod } from '../losses/cross-entropy.js';
import { dnferMethod } from '../losses/dnfer.js';
import { nlaMethod } from '../losses/nla.js';
import { vNawMethod } from '../losses/v-naw.js';
import type { TrainingSet } from '../data/training/training-set.js';
import { countsOf, drawnShares } from '../config/sampler.js';
import { nawParameters } from '../losses/naw-bell.js';

/** Inputs of the loss. */
export interface LossConfig extends Pick<TrainConfig, 'method' | 'sampler' | 'balance'> {
  /** Factor of the relational loss; default 0. */
  readonly relationalWeight?: number | undefined;
  /** `TrainingSet.drawn`, where the sampler alone does not say how often a class comes. [C] */
  readonly drawn?: readonly number[] | undefined;
}

/** What the loss needs to know of a run. */
export function lossOf(
  { method, sampler, balance, distil }: TrainConfig,
  training: TrainingSet,
  classCount: number,
): LossConfig {
  const relationalWeight = distil?.features;
  return { method, sampler, balance, relationalWeight, drawn: training.drawn?.(sampler, classCount) };
}

/**
 * The method a configuration names.
 * @param classes of the training samples [N]
 */
export function buildMethod(
  { method: config, sampler, balance, relationalWeight = 0, drawn }: LossConfig,
  classes: readonly number[],
  classCount: number,
): Method {
  const counts = countsOf(classes, classCount);
  const method = { ...plainMethod(config, counts), relationalWeight };
  return balance === null
    ? method
    : withLogitAdjustment(method, adjustmentOffsets(drawn ?? drawnShares(sampler, counts), counts, balance));
}

function plainMethod(config: MethodConfig, counts: readonly number[]): Method {
  switch (config.name) {
    case 'ce':
      return crossEntropyMethod({
        labelSmoothing: config.labelSmoothing,
        ...(config.classWeights === 'balanced' ? { classWeights: balanced(counts) } : {}),
      });
    case 'nla':
      return nlaMethod({ ...config, naw: nawParameters(config) });
    case 'dnfer':
      return dnferMethod(config);
    case 'v-naw':
      return vNawMethod({ ...config, naw: nawParameters(config) });
  }
}

/** N / (C n_k): every class weighs the same in sum. */
function balanced(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new FerError('CONFIG_INVALID', 'method.classWeights: no sample has a label to count');
  return counts.map((count) => (count === 0 ? 0 : total / (counts.length * count)));
}
