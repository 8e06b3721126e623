const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Orders names as people number them: "shot 2" before "shot 10". Names that differ only in case keep a fixed order too. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
