import type { EpochRecord } from '../run/epoch-record.js';

/** Names of all parts the loss had in any epoch, in the order they first appear: a warm-up may have fewer than what follows. */
export function partNames(history: readonly EpochRecord[]): string[] {
  return [...new Set(history.flatMap(({ parts }) => Object.keys(parts)))];
}
