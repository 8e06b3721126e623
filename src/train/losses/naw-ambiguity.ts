import { FerError } from '../../errors/fer-error.js';
import type { NawParameters } from './naw.js';

/**
 * The four places of a labelled sample in the plane of p_GT and p_NN, by the margin p_GT - p_NN: from a label the
 * network is sure of down to one it is sure is another.
 */
export const QUADRANTS = ['clear-agreed', 'ambiguous-agreed', 'ambiguous-disagreed', 'confident-disagreed'] as const;
export type Quadrant = (typeof QUADRANTS)[number];

/** From this margin on a sample is clear: the winner has half of all probability more than the other. */
export const CLEAR_MARGIN = 0.5;

/** What a run knows of its training samples in one epoch. */
export interface AmbiguityData {
  /** Counted from 1. */
  readonly epoch: number;
  /** p_GT, p_NN and the index of the predicted class of each sample, as in `ambiguity.f32`. [N, 3] */
  readonly points: ArrayLike<number>;
  /** Index of the label each sample was trained with; negative: none. [N] */
  readonly given: ArrayLike<number>;
  /** [N] */
  readonly ids: readonly string[];
  readonly parameters: NawParameters;
  /** e(t) of `nawSchedule` in that epoch. */
  readonly epsilon: number;
  /** False when training did not use the weights, and they are only what NAW would have given. Default true. */
  readonly weightsWereUsed?: boolean;
}

/** One labelled training sample. */
export interface AmbiguityPoint {
  /** Its number among the training samples. */
  readonly sample: number;
  readonly id: string;
  readonly given: number;
  readonly predicted: number;
  /** p_GT. */
  readonly truth: number;
  /** p_NN. */
  readonly nearest: number;
  /** w of NAW. */
  readonly weight: number;
  readonly quadrant: Quadrant;
}

/** @param truth p_GT  @param nearest p_NN */
export function quadrantOf(truth: number, nearest: number): Quadrant {
  const margin = truth - nearest;
  if (margin >= CLEAR_MARGIN) return 'clear-agreed';
  if (margin >= 0) return 'ambiguous-agreed';
  return margin > -CLEAR_MARGIN ? 'ambiguous-disagreed' : 'confident-disagreed';
}

/**
 * w of `nawWeights` for one sample whose p_GT and p_NN are known; the equation stands there.
 * @throws FerError CONFIG_INVALID for a Sigma that is no covariance.
 */
export function nawWeightAt(truth: number, nearest: number, parameters: NawParameters, epsilon: number): number {
  const { muT, muF, varT, covT, varF, covF, lambdaT, lambdaF, normalised } = parameters;
  const [mu, variance, covariance, height] =
    truth >= nearest ? [muT, varT, epsilon * covT, lambdaT] : [muF, varF, covF, lambdaF];
  const determinant = variance ** 2 - covariance ** 2;
  if (!(variance > 0 && determinant > 0)) {
    throw new FerError(
      'CONFIG_INVALID',
      `NAW: variance ${variance} and covariance ${covariance} make no Gaussian; the variance must exceed the covariance's magnitude`,
    );
  }
  const dx = truth - mu[0];
  const dy = nearest - mu[1];
  const distance = (variance * (dx ** 2 + dy ** 2) - 2 * covariance * dx * dy) / determinant; // Mahalanobis, squared
  const peak = normalised ? height / (2 * Math.PI * Math.sqrt(determinant)) : height;
  return peak * Math.exp(-0.5 * distance);
}

/**
 * All samples with a label and finite posteriors, in order.
 * @throws FerError CONFIG_INVALID when the lists do not fit each other.
 */
export function ambiguityPoints(data: AmbiguityData): AmbiguityPoint[] {
  const { points, given, ids, parameters, epsilon } = data;
  const count = ids.length;
  if (points.length !== 3 * count || given.length !== count) {
    throw new FerError(
      'CONFIG_INVALID',
      `ambiguity of training samples: ${count} ids need ${3 * count} numbers and ${count} labels, not ${points.length} and ${given.length}`,
    );
  }
  const found: AmbiguityPoint[] = [];
  for (let sample = 0; sample < count; sample += 1) {
    const truth = points[3 * sample]!;
    const nearest = points[3 * sample + 1]!;
    if (given[sample]! < 0 || !Number.isFinite(truth) || !Number.isFinite(nearest)) continue;
    found.push({
      sample,
      id: ids[sample]!,
      given: given[sample]!,
      predicted: points[3 * sample + 2]!,
      truth,
      nearest,
      weight: nawWeightAt(truth, nearest, parameters, epsilon),
      quadrant: quadrantOf(truth, nearest),
    });
  }
  return found;
}
