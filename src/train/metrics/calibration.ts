import { FerError } from '../../errors/fer-error.js';
import { predictedClasses } from './classification-metrics.js';

/** One bar of a reliability diagram: predictions whose confidence is in (from, to]. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence; null without predictions. */
  readonly confidence: number | null;
  /** Share of right predictions; null without predictions. */
  readonly accuracy: number | null;
}

/**
 * Predictions by their confidence (the largest posterior), in bins of equal width over (0, 1].
 * @param posteriors [N][C]
 * @param truth class indices; samples whose truth is negative have no label and are left out. [N]
 * @throws FerError CONFIG_INVALID for lists of different length.
 */
export function reliabilityBins(
  posteriors: readonly ArrayLike<number>[],
  truth: ArrayLike<number>,
  binCount = 15,
): ReliabilityBin[] {
  checkLengths(posteriors, truth);
  const totals = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, right: 0 }));
  predictedClasses(posteriors).forEach((predicted, i) => {
    if (truth[i]! < 0) return;
    const confidence = posteriors[i]![predicted]!;
    const bin = totals[Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))]!;
    bin.count += 1;
    bin.confidence += confidence;
    bin.right += predicted === truth[i] ? 1 : 0;
  });
  return totals.map(({ count, confidence, right }, b) => ({
    from: b / binCount,
    to: (b + 1) / binCount,
    count,
    confidence: count === 0 ? null : confidence / count,
    accuracy: count === 0 ? null : right / count,
  }));
}

/**
 * ECE (Guo et al., ICML 2017): the mean over predictions of |accuracy - confidence| of their bin, from 0 to 1;
 * 0 without predictions.
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce(
    (sum, { count, confidence, accuracy }) =>
      sum + (count === 0 ? 0 : (count / total) * Math.abs(accuracy! - confidence!)),
    0,
  );
}

/** softmax(z / temperature), row by row. [N][C] */
export function temperedPosteriors(logits: readonly ArrayLike<number>[], temperature: number): Float64Array[] {
  return logits.map((row) => {
    const scaled = Float64Array.from(row, (z) => z / temperature);
    const top = Math.max(...scaled);
    const exps = scaled.map((z) => Math.exp(z - top));
    const sum = exps.reduce((a, b) => a + b, 0);
    return exps.map((e) => e / sum);
  });
}

/** The temperatures among which `fitTemperature` looks. */
export const TEMPERATURE_RANGE = [0.05, 20] as const;

/**
 * The temperature that minimises the mean cross entropy of softmax(z / T) on held-out samples (Guo et al., ICML 2017),
 * by golden-section search over 1 / T, in which that mean is convex. It changes no prediction, only its confidence.
 * Fit it on validation, never on test. A network that is always right, or always wrong, gives an end of `TEMPERATURE_RANGE`.
 * @param logits [N][C]
 * @param truth class indices; samples whose truth is negative have no label and are left out. [N]
 * @throws FerError CONFIG_INVALID for lists of different length, or no labelled sample.
 */
export function fitTemperature(logits: readonly ArrayLike<number>[], truth: ArrayLike<number>): number {
  checkLengths(logits, truth);
  const labelled = logits.map((row, i) => ({ row, label: truth[i]! })).filter(({ label }) => label >= 0);
  if (labelled.length === 0) throw new FerError('CONFIG_INVALID', 'temperature: no labelled sample to fit it on');
  const cost = (inverse: number): number => {
    let sum = 0;
    for (const { row, label } of labelled) {
      const top = Math.max(...Array.from(row));
      let mass = 0;
      for (let k = 0; k < row.length; k += 1) mass += Math.exp((row[k]! - top) * inverse);
      sum += Math.log(mass) - (row[label]! - top) * inverse;
    }
    return sum;
  };
  const [coldest, hottest] = TEMPERATURE_RANGE;
  return 1 / minimise(cost, 1 / hottest, 1 / coldest);
}

/** Golden-section search for the minimum of a convex function on [low, high]. */
function minimise(f: (x: number) => number, low: number, high: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [left, right] = [b - golden * (b - a), a + golden * (b - a)];
  let [fLeft, fRight] = [f(left), f(right)];
  while (b - a > 1e-5 * a) {
    if (fLeft <= fRight) {
      [b, right, fRight] = [right, left, fLeft];
      left = b - golden * (b - a);
      fLeft = f(left);
    } else {
      [a, left, fLeft] = [left, right, fRight];
      right = a + golden * (b - a);
      fRight = f(right);
    }
  }
  return (a + b) / 2;
}

function checkLengths(rows: readonly unknown[], truth: ArrayLike<number>): void {
  if (rows.length !== truth.length)
    throw new FerError('CONFIG_INVALID', `calibration: ${rows.length} predictions but ${truth.length} labels`);
}

/** How right the confidence of posteriors is. */
export interface Confidence {
  /** Mean cross entropy with the given labels, in nats. */
  readonly loss: number;
  readonly expectedCalibrationError: number;
}

/** A temperature, and the figures of the samples it was fitted on. */
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
