import { confidence } from './calibration.js';
import { classificationMetrics } from './classification-metrics.js';
import { confusionMatrix, predictedClasses } from './confusion-matrix.js';

/** How a model did on one split. */
export interface SplitMetrics {
  /** Samples (of clips: frames) with a label. */
  readonly count: number;
  /** Mean cross entropy in nats. */
  readonly loss: number;
  /** WAR. */
  readonly accuracy: number;
  /** UAR. */
  readonly meanClassAccuracy: number;
  readonly macroF1: number;
  readonly expectedCalibrationError: number;
  /** By class; null for one that does not occur. [C] */
  readonly recall: readonly (number | null)[];
  /** Rows = truth. [C][C] */
  readonly confusion: readonly (readonly number[])[];
}

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
