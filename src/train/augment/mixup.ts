import type { SeededRandom } from '../util/seeded-random.js';
import { FerError } from '../../errors/fer-error.js';

/** One draw from Beta(alpha, alpha): in 0..1, about 1/2 for a large alpha, near 0 or 1 for a small one. */
export function symmetricBeta(alpha: number, random: SeededRandom): number {
  // X / (X + Y) of two Gamma(alpha) draws, by their logarithms: for a small alpha both may be too small for a number.
  return 1 / (1 + Math.exp(logGamma(alpha, random) - logGamma(alpha, random)));
}

/** Logarithm of one draw from Gamma(shape): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
function logGamma(shape: number, random: SeededRandom): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}

/** Pairs and weights for mixing N samples. */
export interface Mixture {
  /** Of each sample the other one; it may be itself. [N] */
  readonly partners: readonly number[];
  /** The part of each that stays its own, 1/2 to 1. [N] */
  readonly shares: readonly number[];
}

/**
 * Draws how a batch is mixed: Zhang et al., "mixup: Beyond empirical risk minimization", ICLR 2018. Every sample meets one of a random order of the batch, with a lambda
 * of its own from Beta(alpha, alpha). The larger of lambda and 1 - lambda stays a sample's own: as every sample is both mixed and mixed in, the mixtures are distributed
 * the same, and it stays clear which row of the data a mixture belongs to.
 * @throws FerError CONFIG_INVALID for an alpha that is not positive
 */
export function drawMixture(count: number, alpha: number, random: SeededRandom): Mixture {
  if (!(alpha > 0))
    throw new FerError('CONFIG_INVALID', `mixup: alpha ${alpha} is out of range: give a number above 0, such as 0.2`);
  const partners = random.shuffle(Array.from({ length: count }, (_, i) => i));
  const shares = partners.map(() => {
    const lambda = symmetricBeta(alpha, random);
    return Math.max(lambda, 1 - lambda);
  });
  return { partners, shares };
}

/**
 * x_i <- lambda_i x_i + (1 - lambda_i) x_partner(i), for pictures and for labels as distributions.
 * @param rows N of the same length, one after another; stays unchanged
 */
export function mixRows(rows: Float32Array, { partners, shares }: Mixture): Float32Array {
  const length = rows.length / partners.length;
  const mixed = new Float32Array(rows.length);
  partners.forEach((partner, i) => {
    const share = shares[i]!;
    const [own, other] = [i * length, partner * length];
    for (let k = 0; k < length; k += 1) mixed[own + k] = share * rows[own + k]! + (1 - share) * rows[other + k]!;
  });
  return mixed;
}
