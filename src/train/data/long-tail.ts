import { FerError } from '../../errors/fer-error.js';
import { groupBy } from '../util/arrays.js';
import type { SeededRandom } from '../util/seeded-random.js';

/**
 * Which samples stay when the classes are cut to a long tail: with the K classes that occur ordered by size (larger
 * first, the lower index of equals first), class number r of 0 .. K-1 keeps
 *
 *     n_r = largest factor^(-r / (K - 1))          rounded, at least 1, never more than there are
 *
 * of its samples (Cao et al., NeurIPS 2019). Where a class has fewer samples than its share, the profile stays
 * exponential for the others, and max / min may exceed `factor`.
 * @param labels class indices; samples without a label (negative) stay. [N]
 * @param factor largest class over smallest, at least 1.
 * @returns indices of the samples kept, ascending; the truth of sample `i` is `labels[i]` as before.
 * @throws FerError CONFIG_INVALID for a factor below 1.
 */
export function longTail(labels: readonly number[], factor: number, random: SeededRandom): number[] {
  if (!(factor >= 1 && Number.isFinite(factor)))
    throw new FerError('CONFIG_INVALID', `imbalance: factor ${factor} must be 1 or more`);
  const members = groupBy(labels.keys(), (i) => labels[i]!);
  const unlabelled = [...members].filter(([label]) => label < 0).flatMap(([, group]) => group);
  const classes = [...members].filter(([label]) => label >= 0).sort(([a, x], [b, y]) => y.length - x.length || a - b);
  const largest = classes[0]?.[1].length ?? 0;
  const kept = classes.flatMap(([label, group], rank) => {
    const share = largest * factor ** (-rank / Math.max(1, classes.length - 1));
    return random
      .fork(`class-${label}`)
      .shuffle(group)
      .slice(0, Math.max(1, Math.round(share)));
  });
  return [...unlabelled, ...kept].sort((a, b) => a - b);
}
