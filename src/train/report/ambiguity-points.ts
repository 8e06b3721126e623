import { FerError } from '../../errors/fer-error.js';
import { nawWeightAt } from '../losses/naw-bell.js';
import type { NawParameters } from '../losses/naw-bell.js';

/**
 * The four places of a labelled sample in the plane of p_GT and p_NN, by the margin p_GT - p_NN: from a label the
 * network is sure of down to one it is sure is another.
 */
export const QUADRANTS = ['clear-agreed', 'ambiguous-agreed', 'ambiguous-disagreed', 'confident-disagreed'] as const;
export type Quadrant = (typeof QUADRANTS)[number];

/** From this margin on a sample is clear: the winner has half of all probability more than the other. */
export const CLEAR_MARGIN = 0.5;

/** A run's record of its training samples in one epoch. */
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

/** Names and meanings of the quadrants. */
export const QUADRANT_NAMES: Readonly<Record<Quadrant, { readonly name: string; readonly meaning: string }>> = {
  'clear-agreed': { name: 'Clear & agreed', meaning: 'the network gives the label, and nothing else comes near' },
  'ambiguous-agreed': {
    name: 'Ambiguous & agreed',
    meaning: 'the label leads, another class follows closely or no class is likely',
  },
  'ambiguous-disagreed': {
    name: 'Ambiguous & disagreed',
    meaning: 'another class leads, not by far: hard, or mixed expressions',
  },
  'confident-disagreed': {
    name: 'Confident & disagreed',
    meaning: 'the network is sure of another class: likely label noise',
  },
};
