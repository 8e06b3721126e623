import type { LabelSet } from '../../model/label-set.js';
import type { TrainConfig } from '../config/index.js';
import type { Sample } from '../datasets/index.js';
import { longTail, pairNoise, symmetricNoise } from '../noise/index.js';
import { SeededRandom } from '../seeded-random.js';

/** Cuts the training part down, and puts wrong labels in, as an experiment's configuration says; else just looks the labels up. */
export function distort(
  samples: readonly Sample[],
  labels: LabelSet,
  { seed, dataSeed, subset, imbalance, noise }: Pick<TrainConfig, 'seed' | 'dataSeed' | 'subset' | 'imbalance' | 'noise'>,
): readonly { readonly sample: Sample; readonly label: number }[] {
  const random = new SeededRandom(dataSeed ?? seed).fork('data');
  let kept = samples.map((sample) => ({ sample, label: labels.indexOf(sample.label!) }));
  if (subset !== null) kept = stratified(kept, subset, random.fork('subset'));
  if (imbalance !== null) kept = longTail(kept.map(({ label }) => label), imbalance, random.fork('imbalance')).map((i) => kept[i]!);
  if (noise === null) return kept;
  const flip = noise.kind === 'pair' ? pairNoise : symmetricNoise;
  const noisy = flip(kept.map(({ label }) => label), labels.size, noise.rate, random.fork('noise'));
  return kept.map(({ sample }, i) => ({ sample, label: noisy.labels[i]! }));
}

/** So many samples, every class in its share, in the data set's order. */
export function stratified<T extends { readonly label: number }>(samples: readonly T[], count: number, random: SeededRandom): T[] {
  if (count >= samples.length) return [...samples];
  // Every sample gets a place within its class from 0 to 1; the lowest places of all classes together are taken.
  const places = new Map<T, number>();
  for (const label of new Set(samples.map((sample) => sample.label))) {
    const members = random.fork(`class ${label}`).shuffle(samples.filter((sample) => sample.label === label));
    members.forEach((sample, i) => places.set(sample, (i + 0.5) / members.length));
  }
  const chosen = new Set([...samples].sort((a, b) => places.get(a)! - places.get(b)!).slice(0, count));
  return samples.filter((sample) => chosen.has(sample));
}
