import type { SeededRandom } from '../util/seeded-random.js';

/** `count` of the items, each as likely as any other, in their order; all when there are no more. */
export function sampled<T>(items: readonly T[], count: number, random: SeededRandom): T[] {
  let wanted = Math.min(count, items.length);
  // Selection sampling (Knuth, The Art of Computer Programming, volume 2, algorithm S).
  return items.filter((_, i) => {
    const taken = random.next() * (items.length - i) < wanted;
    if (taken) wanted -= 1;
    return taken;
  });
}
