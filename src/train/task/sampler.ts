import { groupBy } from '../group-by.js';
import type { SeededRandom } from '../seeded-random.js';

/**
 * Which samples make an epoch.
 * `shuffle`: each once. `class-balanced`: the classes take turns, each through its own samples in random order, over again
 * when they are used up. `imbalance`: drawn with replacement, each sample as often as its class is rare.
 */
export const SAMPLERS = ['shuffle', 'class-balanced', 'imbalance'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * Indices of an epoch's samples in order, as many as there are samples.
 * @param classes by sample; negative ones (no label) count as a class of their own [N]
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

/** How often each sample of an order stands there before: 0 where it comes for the first time. [order.length] */
export function turnsOf(order: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return order.map((index) => {
    const turn = seen.get(index) ?? 0;
    seen.set(index, turn + 1);
    return turn;
  });
}
