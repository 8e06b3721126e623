import { groupBy } from '../util/arrays.js';
import type { SeededRandom } from '../util/seeded-random.js';

/**
 * Which samples make an epoch.
 * `shuffle`: each once. `class-balanced`: the classes take turns, each through its own samples in random order, again
 * when they are used up. `square-root`: every class in proportion to the square root of its size. `imbalance`: drawn with replacement, each sample as often as its class is rare.
 */
export const SAMPLERS = ['shuffle', 'class-balanced', 'square-root', 'imbalance'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * Indices of an epoch's samples in order, as many as there are samples.
 * @param classes by sample; negative ones (no label) count as one class [N]
 */
export function epochOrder(sampler: SamplerName, classes: readonly number[], random: SeededRandom): number[] {
  const all = [...classes.keys()];
  if (sampler === 'shuffle') return random.shuffle(all);
  const members = groupBy(all, (i) => classes[i]!);
  const groups = [...members].sort(([a], [b]) => a - b).map(([, group]) => group);
  if (sampler === 'imbalance') {
    // A class first, each equally likely, then one of its samples: the same as weights of 1 / count.
    return all.map(() => {
      const group = groups[random.int(groups.length)]!;
      return group[random.int(group.length)]!;
    });
  }
  if (sampler === 'square-root') {
    const shares = groups.map((group) => Math.sqrt(group.length));
    const total = shares.reduce((sum, share) => sum + share, 0);
    let [passed, placed] = [0, 0];
    const drawn = groups.flatMap((group, k) => {
      passed += shares[k]!;
      const count = Math.round((all.length * passed) / total) - placed;
      placed += count;
      return cycle(group, count, random);
    });
    return random.shuffle(drawn);
  }
  const queues = groups.map((group) => ({ group, queue: [] as number[] }));
  const order: number[] = [];
  while (order.length < all.length) {
    for (const turn of random.shuffle(queues)) {
      if (turn.queue.length === 0) turn.queue = random.shuffle(turn.group);
      order.push(turn.queue.pop()!);
    }
  }
  return order.slice(0, all.length);
}

/** `count` samples of a group: random orders, one after another. */
function cycle(group: readonly number[], count: number, random: SeededRandom): number[] {
  const order: number[] = [];
  while (order.length < count) order.push(...random.shuffle(group));
  return order.slice(0, count);
}

/** Samples of each class; negative ones (no label) do not count. [C] */
export function countsOf(classes: readonly number[], classCount: number): number[] {
  const counts = Array.from({ length: classCount }, () => 0);
  for (const label of classes) if (label >= 0) counts[label]! += 1;
  return counts;
}

/**
 * How often the classes come in an epoch, up to a factor.
 * @param counts samples of each class [C]
 * @returns 0 for a class without samples [C]
 */
export function drawnShares(sampler: SamplerName, counts: readonly number[]): number[] {
  const power = { shuffle: 1, 'square-root': 0.5, 'class-balanced': 0, imbalance: 0 }[sampler];
  return counts.map((count) => (count === 0 ? 0 : count ** power));
}

/** How often each sample of an order is there before: 0 where it comes for the first time. [order.length] */
export function repeatsOf(order: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return order.map((index) => {
    const turn = seen.get(index) ?? 0;
    seen.set(index, turn + 1);
    return turn;
  });
}
