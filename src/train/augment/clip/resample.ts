/**
 * So many items, spread evenly over the list: each place takes the item nearest to it in time. A longer list loses items at regular distances, a
 * shorter one repeats them, each about equally often; one of the right length stays as it is.
 * @param items at least one
 */
export function resampleNearest<Item>(items: readonly Item[], count: number): Item[] {
  // Place i of `count` has its middle at (i + 1/2) / count of the whole, which lies within this item.
  return Array.from({ length: count }, (_, place) => items[Math.floor(((place + 0.5) * items.length) / count)]!);
}
