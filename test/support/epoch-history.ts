import { classificationMetrics } from '../../src/train/metrics/classification-metrics.js';
import type { EpochRecord } from '../../src/train/records/epoch-tables.js';

export const THREE_LABELS = ['Neutral', 'Happiness', 'Anger'] as const;

/** A run of that many epochs over `THREE_LABELS`; Anger does not occur in its validation, and even epochs have none. */
export function epochHistory(epochs: number): EpochRecord[] {
  return Array.from({ length: epochs }, (_, i) => {
    const epoch = i + 1;
    const confusion = [
      [10 + epoch, 2, 1],
      [3, 7, 0],
      [0, 0, 0],
    ];
    const { count, accuracy, meanClassAccuracy, macroF1, recall } = classificationMetrics(confusion);
    return {
      epoch,
      learningRate: 0.001 * 0.9 ** epoch,
      loss: 2 / epoch,
      parts: epoch < 2 ? { supervised: 1.5 / epoch } : { supervised: 1.5 / epoch, consistency: 0.25 / epoch },
      trainAccuracy: 1 - 0.5 / epoch,
      validation:
        epoch % 2 === 0
          ? null
          : {
              count,
              loss: 1 / epoch,
              accuracy,
              meanClassAccuracy,
              macroF1,
              expectedCalibrationError: 0.125,
              recall,
              confusion,
            },
      calibration: epoch % 2 === 0 ? null : { temperature: 1.5, loss: 0.75 / epoch, expectedCalibrationError: 0.03125 },
      seconds: 10 + epoch / 8,
      samplesPerSecond: 128,
    };
  });
}
