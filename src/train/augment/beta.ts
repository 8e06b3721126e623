import type { SeededRandom } from '../util/seeded-random.js';

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
