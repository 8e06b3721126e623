import { munkres } from 'munkres';

/**
 * Pairs rows with columns so that the sum of costs is smallest.
 * @param cost [rows][columns]; Infinity forbids a pair
 * @returns [row, column] pairs, by row; rows and columns for which only forbidden pairs are left stay single
 */
export function assign(cost: readonly (readonly number[])[]): [row: number, column: number][] {
  if (cost.length === 0 || cost[0]!.length === 0) return [];
  // Forbidden pairs cost more than any sum of allowed ones: a full assignment then always exists, and uses few of them.
  const allowed = cost.flat().filter(Number.isFinite);
  const forbidden = 1 + allowed.reduce((sum, value) => sum + Math.abs(value), 0);
  return munkres(cost.map((row) => row.map((value) => (Number.isFinite(value) ? value : forbidden))))
    .filter(([row, column]) => Number.isFinite(cost[row]![column]))
    .sort(([a], [b]) => a - b);
}
