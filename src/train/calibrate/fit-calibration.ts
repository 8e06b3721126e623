import { expectedCalibrationError, fitTemperature, reliabilityBins, temperedPosteriors } from '../metrics/index.js';

/** How right the confidence of posteriors is. */
export interface Confidence {
  /** Mean cross entropy with the given labels, in nats. */
  readonly loss: number;
  readonly expectedCalibrationError: number;
}

/** A temperature, and what it makes of the samples it was fitted on. */
export interface Calibration extends Confidence {
  readonly temperature: number;
}

/**
 * Temperature scaling (Guo et al., ICML 2017): the temperature with the least cross entropy, and that cross entropy. The truth is one label a sample, also where votes were
 * trained with.
 * @param logits of held-out samples [N][C]
 * @param truth class indices; samples whose truth is negative are left out [N]
 * @throws FerError CONFIG_INVALID without a labelled sample
 */
export function fitCalibration(logits: readonly ArrayLike<number>[], truth: ArrayLike<number>): Calibration {
  const temperature = fitTemperature(logits, truth);
  return { temperature, ...confidence(logits, truth, temperature) };
}

/** Of softmax(z / temperature). */
export function confidence(
  logits: readonly ArrayLike<number>[],
  truth: ArrayLike<number>,
  temperature = 1,
): Confidence {
  const posteriors = temperedPosteriors(logits, temperature);
  const losses = posteriors.flatMap((row, i) =>
    truth[i]! < 0 ? [] : [-Math.log(Math.max(row[truth[i]!]!, Number.MIN_VALUE))],
  );
  return {
    loss: losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length),
    expectedCalibrationError: expectedCalibrationError(reliabilityBins(posteriors, truth)),
  };
}
