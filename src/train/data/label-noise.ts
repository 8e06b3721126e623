import { FerError } from '../../errors/fer-error.js';
import type { TrainConfig } from '../config/train-config.js';
import { groupBy } from '../util/arrays.js';
import { SeededRandom } from '../util/seeded-random.js';

export interface NoisyLabels {
  /** The labels to train with. [N] */
  readonly labels: readonly number[];
  /** The labels as given. [N] */
  readonly truth: readonly number[];
  /** Indices of the samples whose label was changed, ascending. */
  readonly flipped: readonly number[];
}

/**
 * Symmetric noise: round(rate N) of the N labelled samples, drawn without replacement, get a class drawn uniformly
 * from the others. Every chosen label really changes, so `rate` is the share of wrong labels.
 * @param labels class indices; negative ones (no label) stay. [N]
 * @throws FerError CONFIG_INVALID for a rate outside [0, 1], fewer than two classes, or a label out of range.
 */
export function symmetricNoise(
  labels: readonly number[],
  classCount: number,
  rate: number,
  random: SeededRandom,
): NoisyLabels {
  const choice = random.fork('class');
  return flip(labels, classCount, rate, random, (label) => (label + 1 + choice.int(classCount - 1)) % classCount);
}

/**
 * Pair flips: as `symmetricNoise`, but every class has one class it is mistaken for.
 * @param partner the class each class turns into; default: the next one, the last turns into the first. [C]
 * @throws FerError CONFIG_INVALID also when a class is its own partner.
 */
export function pairNoise(
  labels: readonly number[],
  classCount: number,
  rate: number,
  random: SeededRandom,
  partner: readonly number[] = Array.from({ length: classCount }, (_, k) => (k + 1) % classCount),
): NoisyLabels {
  const good =
    partner.length === classCount &&
    partner.every((other, k) => Number.isInteger(other) && other >= 0 && other < classCount && other !== k);
  if (!good)
    throw new FerError(
      'CONFIG_INVALID',
      `pair noise: partners [${partner.join(', ')}] must be ${classCount} classes, none its own partner`,
    );
  return flip(labels, classCount, rate, random, (label) => partner[label]!);
}

function flip(
  labels: readonly number[],
  classCount: number,
  rate: number,
  random: SeededRandom,
  replace: (label: number) => number,
): NoisyLabels {
  if (!(rate >= 0 && rate <= 1))
    throw new FerError('CONFIG_INVALID', `label noise: rate ${rate} is not a share: give 0 to 1`);
  if (classCount < 2)
    throw new FerError('CONFIG_INVALID', `label noise: ${classCount} classes leave no other class to flip to`);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label >= classCount);
  if (wrong >= 0)
    throw new FerError(
      'CONFIG_INVALID',
      `label noise: sample ${wrong} has label ${labels[wrong]!}; with ${classCount} classes it must be below ${classCount}`,
    );
  const labelled = [...labels.keys()].filter((i) => labels[i]! >= 0);
  // One order for all rates: the samples wrong at 10 % are among those wrong at 20 %.
  const flipped = random
    .fork('samples')
    .shuffle(labelled)
    .slice(0, Math.round(rate * labelled.length));
  const noisy = [...labels];
  for (const i of flipped) noisy[i] = replace(labels[i]!);
  return { labels: noisy, truth: [...labels], flipped: flipped.sort((a, b) => a - b) };
}

/** Cuts the training part down, and puts wrong labels in, as an experiment's configuration says; else leaves it unchanged. */
export function applyLabelNoise<T extends { readonly label: number; readonly shares?: readonly number[] | null }>(
  rows: readonly T[],
  classCount: number,
  {
    seed,
    dataSeed,
    subset,
    imbalance,
    noise,
  }: Pick<TrainConfig, 'seed' | 'dataSeed' | 'subset' | 'imbalance' | 'noise'>,
): readonly T[] {
  const random = new SeededRandom(dataSeed ?? seed).fork('data');
  let kept = rows;
  if (subset !== null) kept = stratified(kept, subset, random.fork('subset'));
  if (imbalance !== null) {
    const all = kept;
    kept = longTail(
      all.map(({ label }) => label),
      imbalance,
      random.fork('imbalance'),
    ).map((i) => all[i]!);
  }
  if (noise === null) return kept;
  const flip = noise.kind === 'pair' ? pairNoise : symmetricNoise;
  const noisy = flip(
    kept.map(({ label }) => label),
    classCount,
    noise.rate,
    random.fork('noise'),
  );
  // Votes say what the true label was: a wrong one comes without.
  return kept.map((row, i) =>
    noisy.labels[i] === row.label
      ? row
      : { ...row, label: noisy.labels[i]!, ...('shares' in row ? { shares: null } : {}) },
  );
}

/** `count` rows in their original order, each class in proportion. */
export function stratified<T extends { readonly label: number }>(
  rows: readonly T[],
  count: number,
  random: SeededRandom,
): readonly T[] {
  if (count >= rows.length) return rows;
  // Every row gets a place within its class from 0 to 1; the lowest places of all classes together are taken.
  const places = new Map<T, number>();
  for (const [label, members] of groupBy(rows, (row) => row.label)) {
    random
      .fork(`class ${label}`)
      .shuffle(members)
      .forEach((row, i) => places.set(row, (i + 0.5) / members.length));
  }
  const chosen = new Set([...rows].sort((a, b) => places.get(a)! - places.get(b)!).slice(0, count));
  return rows.filter((row) => chosen.has(row));
}

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
