import type { TrainConfig } from '../config/train-config.js';
import { groupBy } from '../util/arrays.js';
import { longTail } from './long-tail.js';
import { pairNoise, symmetricNoise } from './label-noise.js';
import { SeededRandom } from '../util/seeded-random.js';

/** Cuts the training part down, and puts wrong labels in, as an experiment's configuration says; else leaves it as it is. */
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

/** So many rows, every class in its share, in the order they came in. */
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
