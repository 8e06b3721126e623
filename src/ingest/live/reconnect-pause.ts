import type { BackOff } from './live-source.js';

export const BACK_OFF: BackOff = { shortest: 500, longest: 30_000, stableAfter: 10_000 };

/**
 * Milliseconds to wait before attempt `failures` + 1. Half of a pause is left to chance, so that many clients of one camera do not return together.
 * @param failures failed attempts in a row, from 1
 * @param chance 0..1
 */
export function pauseAfter(failures: number, { shortest, longest }: BackOff, chance: number = Math.random()): number {
  const whole = Math.min(longest, 2 * shortest * 2 ** (failures - 1));
  return Math.max(shortest, Math.round(whole * (0.5 + chance / 2)));
}
