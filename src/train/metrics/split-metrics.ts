import { confidence } from './calibration.js';
import { classificationMetrics } from './classification-metrics.js';
import { confusionMatrix, predictedClasses } from './confusion-matrix.js';
import type { SplitMetrics } from '../records/epoch-record.js';

/**
 * Everything that is reported about a split, from its logits.
 * @param logits [N][C]
 * @param truth class indices, negative without a label [N]
 */
export function splitMetrics(
  logits: readonly Float32Array[],
  truth: ArrayLike<number>,
  classCount: number,
  temperature = 1,
): SplitMetrics {
  const confusion = confusionMatrix(truth, predictedClasses(logits), classCount);
  const { count, accuracy, meanClassAccuracy, macroF1, recall } = classificationMetrics(confusion);
  return {
    count,
    ...confidence(logits, truth, temperature),
    accuracy,
    meanClassAccuracy,
    macroF1,
    recall,
    confusion,
  };
}
