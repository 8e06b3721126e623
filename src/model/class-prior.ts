import { FerError, closest } from '../errors/fer-error.js';
import type { ExpressionModel } from './expression-model.js';
import type { LabelSet } from './label-set.js';

/**
 * Class frequencies that posteriors count on: `training` as in the training set, `uniform` all alike, `balanced` between the two (the square
 * roots of those of training), `auto` estimated from the footage itself, or your own by label, up to a factor.
 */
export type PriorChoice = (typeof PRIORS)[number] | Readonly<Record<string, number>>;
export const PRIORS = ['training', 'balanced', 'uniform', 'auto'] as const;
/**
 * Names rare expressions in footage more often than `training`, and neutral faces wrong less often than `uniform`: docs/accuracy.md has the figures.
 */
export const DEFAULT_PRIOR = 'balanced';

/** Factor on the frequencies of training. */
const POWERS = { training: 1, balanced: 0.5, uniform: 0 } as const;

/** Lower limit of estimated class frequencies: a class not seen so far may still appear. */
const FLOOR = 0.01;
/** Number of faces that the first guess counts for. */
const GUESS_WEIGHT = 50;
/** Faces after which older ones count less: a prior follows a scene, and memory stays constant. */
const MEMORY = 3000;

/**
 * Bayes' rule: posteriors for classes that are all alike become p'_k = p_k w_k, normalised, for the prior w (Saerens, Latinne and
 * Decaestecker 2002, equation 4).
 * @param posteriors [C]
 * @param wanted up to a factor [C]
 * @returns new posteriors [C]
 */
export function withPrior(posteriors: Float32Array, wanted: readonly number[]): Float32Array {
  const moved = posteriors.map((p, k) => p * wanted[k]!);
  const sum = moved.reduce((total, p) => total + p, 0);
  return sum > 0 ? moved.map((p) => p / sum) : posteriors.slice();
}

/**
 * The prior of footage, estimated while it goes by: expectation maximisation (Saerens et al. 2002, equation 4), one face at a time. Each
 * face's posteriors under the present estimate are counted, so classes that are seen often become likelier. It starts from the
 * balanced prior, and no class falls below 1 %.
 */
export class PriorEstimator {
  private readonly counts: Float64Array; // [C]

  /** @param training class frequencies of the training set, up to a factor [C] */
  constructor(training: readonly number[]) {
    const balanced = normalised(training.map((share) => share ** POWERS.balanced));
    this.counts = Float64Array.from(balanced, (share) => GUESS_WEIGHT * share);
  }

  /** [C], sum 1 */
  get prior(): number[] {
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    const free = 1 - FLOOR * this.counts.length;
    return Array.from(this.counts, (count) => FLOOR + (free * count) / total);
  }

  /** The face's posteriors under the estimate so far; it then counts itself. [C] -> [C] */
  update(posteriors: Float32Array): Float32Array {
    const adapted = withPrior(posteriors, this.prior);
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    const kept = total >= MEMORY ? (MEMORY - 1) / total : 1;
    for (const [k, p] of adapted.entries()) this.counts[k] = this.counts[k]! * kept + p;
    return adapted;
  }
}

/** Adapts a model's posteriors to a prior, face by face. [C] -> [C] */
export interface PriorAdapter {
  adapt(posteriors: Float32Array): Float32Array;
  /** The current prior, for reports; null if the model's own is unknown and nothing is adapted. [C] */
  readonly prior: readonly number[] | null;
}

/**
 * @throws FerError CONFIG_INVALID for a prior with such a model, or a prior that does not fit its classes
 */
export function priorAdapter(
  { labels, trainingPrior: training }: Pick<ExpressionModel, 'labels' | 'trainingPrior'>,
  choice: PriorChoice,
): PriorAdapter {
  if (training === null) {
    if (choice === 'training' || choice === DEFAULT_PRIOR) return { adapt: (posteriors) => posteriors, prior: null };
    throw new FerError(
      'CONFIG_INVALID',
      'prior: this model does not know the class frequencies of its training set; leave --prior out, or use the default model',
    );
  }
  if (choice === 'auto') {
    const estimator = new PriorEstimator(training);
    return {
      adapt: (posteriors) => estimator.update(posteriors),
      get prior() {
        return estimator.prior;
      },
    };
  }
  const wanted = normalised(
    typeof choice === 'string' ? training.map((share) => share ** POWERS[choice]) : ownPrior(choice, labels),
  );
  return { adapt: (posteriors) => withPrior(posteriors, wanted), prior: wanted };
}

/** Classes left out get 0. */
function ownPrior(frequencies: Readonly<Record<string, number>>, labels: LabelSet): number[] {
  for (const [label, frequency] of Object.entries(frequencies)) {
    if (!labels.has(label)) {
      throw new FerError(
        'CONFIG_INVALID',
        `prior: the model has no class "${label}"; did you mean "${closest(label, labels.labels)}"?`,
      );
    }
    if (!(frequency >= 0 && Number.isFinite(frequency))) {
      throw new FerError('CONFIG_INVALID', `prior: the frequency of "${label}" is ${frequency}; give 0 or more`);
    }
  }
  const own = labels.labels.map((label) => (Object.hasOwn(frequencies, label) ? frequencies[label]! : 0));
  if (own.every((frequency) => frequency === 0)) {
    throw new FerError('CONFIG_INVALID', 'prior: every frequency is 0; give at least one class a larger one');
  }
  return own;
}

function normalised(shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}
