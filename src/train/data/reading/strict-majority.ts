/** What the voters said of a picture. */
export interface Verdict {
  /** Place of the class with most votes; of several, the first. */
  readonly index: number;
  /** How the votes that count fell on the classes; adds up to 1. */
  readonly shares: readonly number[];
  /** Whether that class has no majority. */
  readonly isContested: boolean;
}

/** Why a row has no verdict. */
export type NoVerdict = 'no majority' | 'majority for no expression';

/**
 * The strict reading of crowd votes: a single vote is taken for a slip and does not count; a class wins with more than half of
 * the votes that remain, those for "unknown" and "not a face" included. `votes` holds the classes first, then those two.
 * @param contested also give verdicts where no class wins, but most votes are for classes
 */
export function strictMajority(
  votes: readonly number[],
  classes: number,
  { contested = false }: { readonly contested?: boolean } = {},
): Verdict | NoVerdict {
  const counted = votes.map((count) => (count > 1 ? count : 0));
  const total = sum(counted);
  const onClasses = counted.slice(0, classes);
  const shared = sum(onClasses);
  const winner = counted.findIndex((count) => count * 2 > total);
  if (winner >= classes) return 'majority for no expression';
  const isContested = winner < 0;
  if (isContested && !(contested && shared * 2 > total)) return 'no majority';
  return {
    index: isContested ? onClasses.indexOf(Math.max(...onClasses)) : winner,
    shares: onClasses.map((count) => count / shared),
    isContested,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
