/** What the voters agreed on. */
export interface Majority {
  /** Place of the winning class. */
  readonly index: number;
  /** How the votes that count fell on the classes; adds up to 1. */
  readonly shares: readonly number[];
}

/** Why a row has no label. */
export type NoMajority = 'no majority' | 'majority for no expression';

/**
 * The strict reading of crowd votes: a single vote is taken for a slip and does not count; a class wins with more than half of
 * the votes that remain, those for "unknown" and "not a face" included. `votes` holds the classes first, then those two.
 */
export function strictMajority(votes: readonly number[], classes: number): Majority | NoMajority {
  const counted = votes.map((count) => (count > 1 ? count : 0));
  const total = sum(counted);
  const index = counted.findIndex((count) => count * 2 > total);
  if (index < 0) return 'no majority';
  if (index >= classes) return 'majority for no expression';
  const onClasses = counted.slice(0, classes);
  const shared = sum(onClasses);
  return { index, shares: onClasses.map((count) => count / shared) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
