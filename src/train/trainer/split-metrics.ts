import { classificationMetrics, confusionMatrix, expectedCalibrationError, predictedClasses, reliabilityBins, temperedPosteriors } from '../metrics/index.js';
import type { SplitMetrics } from '../run/epoch-record.js';

/**
 * Everything that is reported about a split, from its logits.
 * @param logits [N][C]
 * @param truth class indices, negative without a label [N]
 */
export function splitMetrics(logits: readonly Float32Array[], truth: ArrayLike<number>, classCount: number, temperature = 1): SplitMetrics {
  const posteriors = temperedPosteriors(logits, temperature);
  const confusion = confusionMatrix(truth, predictedClasses(logits), classCount);
  const { count, accuracy, meanClassAccuracy, macroF1, recall } = classificationMetrics(confusion);
  const losses = posteriors.flatMap((row, i) => (truth[i]! < 0 ? [] : [-Math.log(Math.max(row[truth[i]!]!, Number.MIN_VALUE))]));
  return {
    count,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length),
    accuracy,
    meanClassAccuracy,
    macroF1,
    expectedCalibrationError: expectedCalibrationError(reliabilityBins(posteriors, truth)),
    recall,
    confusion,
  };
}
