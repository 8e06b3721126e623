import { TEMPERATURE_RANGE, confidence } from './calibration.js';
import { classificationMetrics, confusionMatrix, predictedClasses } from './classification-metrics.js';

/**
 * Says so when a network learnt nothing: neither its accuracy nor its mean class accuracy is better than always naming one class, by more than chance.
 * @returns one sentence, or null
 */
export function learntNothing({ count, accuracy, meanClassAccuracy, confusion }: SplitMetrics): string | null {
  const support = confusion.map((row) => row.reduce((sum, samples) => sum + samples, 0));
  const classes = support.filter((samples) => samples > 0).length;
  if (count === 0 || classes < 2) return null;
  const majority = Math.max(...support) / count;
  // Two standard errors of a mean over classes, each recall by its own number of samples.
  const chance = 1 / classes;
  const variance = support.reduce((sum, n) => sum + (n === 0 ? 0 : (chance * (1 - chance)) / n), 0) / classes ** 2;
  if (accuracy > majority || meanClassAccuracy > chance + 2 * Math.sqrt(variance)) return null;
  return `The network learnt nothing: its validation accuracy of ${percent(accuracy)} is not above ${percent(majority)}, what always naming the most frequent class gives.`;
}

/** Warns about a temperature at an end of the searched range. @returns one sentence, or null */
export function temperatureAtLimit(temperature: number): string | null {
  const [lowest, highest] = TEMPERATURE_RANGE;
  if (temperature > lowest * 1.01 && temperature < highest / 1.01) return null;
  return `The temperature of ${temperature.toFixed(2)} is at the limit of its range: the confidence could not be calibrated on these samples (${temperature > 1 ? 'the model knows nothing of them' : 'too few, or all right'}).`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

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
