import type { SeededRandom } from '../../util/seeded-random.js';
import type { Interval } from '../interval.js';
import { drawFrom } from '../interval.js';

/**
 * Drops each item with the same chance, on its own, and keeps the rest in order: the frame skipping of V-NAW (arXiv 2503.15970). The chance is drawn
 * once, from `rate`. Where all would go, one drawn at random stays.
 * @param items at least one
 */
export function skipFrames<Item>(items: readonly Item[], rate: Interval, random: SeededRandom): Item[] {
  const chance = drawFrom(rate, random);
  const kept = items.filter(() => random.next() >= chance);
  return kept.length > 0 ? kept : [items[random.int(items.length)]!];
}
