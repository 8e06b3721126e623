import { FerError } from '../../errors/fer-error.js';
import type { MethodConfig } from '../config/index.js';
import { crossEntropyMethod, dnferMethod, nlaMethod, vNawMethod } from '../methods/index.js';
import type { Method } from '../methods/index.js';
import { nawOf } from './naw-of.js';

/**
 * The method a configuration names.
 * @param classes of the training samples, for balanced class weights [N]
 */
export function buildMethod(config: MethodConfig, classes: readonly number[], classCount: number): Method {
  switch (config.name) {
    case 'ce':
      return crossEntropyMethod({ labelSmoothing: config.labelSmoothing, ...(config.classWeights === 'balanced' ? { classWeights: balanced(classes, classCount) } : {}) });
    case 'nla':
      return nlaMethod({ ...config, naw: nawOf(config) });
    case 'dnfer':
      return dnferMethod(config);
    case 'v-naw':
      return vNawMethod({ ...config, naw: nawOf(config) });
  }
}

/** N / (C n_k): every class weighs the same in sum. */
function balanced(classes: readonly number[], classCount: number): number[] {
  const counts = Array.from({ length: classCount }, (_, k) => classes.filter((label) => label === k).length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new FerError('CONFIG_INVALID', 'method.classWeights: no sample has a label to count');
  return counts.map((count) => (count === 0 ? 0 : total / (classCount * count)));
}
