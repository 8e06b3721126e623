const SHORTEST = 500;
const LONGEST = 15_000;

/**
 * Milliseconds until the next attempt: doubled after every failure up to 15 s, minus up to half at random, so that the clients of a server that
 * comes back do not all reconnect at once.
 * @param failures in a row, from 1
 * @param random in [0, 1)
 */
export function backOff(failures: number, random: number): number {
  const whole = Math.min(LONGEST, SHORTEST * 2 ** (failures - 1));
  return Math.round(whole * (1 - random / 2));
}
