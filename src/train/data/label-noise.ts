import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';

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
    throw new FerError('CONFIG_INVALID', `label noise: rate ${rate} is no share; give 0 to 1`);
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
