/** The known name nearest to what was typed, by edit distance; for "did you mean". `known` must not be empty. */
export function closest(typed: string, known: readonly string[]): string {
  const wanted = typed.toLowerCase();
  return known.reduce((best, name) =>
    editDistance(wanted, name.toLowerCase()) < editDistance(wanted, best.toLowerCase()) ? name : best,
  );
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
