/** `value` rounded to `decimals`, without float noise (0.1 + 0.2 gives 0.3) or negative zero. */
export function roundTo(value: number, decimals: number): number {
  // Most numbers that are read from a file are round already, and toFixed is slow. Zero may be negative.
  const factor = POWERS[decimals]!;
  if (value !== 0 && Math.abs(value) < 1e9 && Math.round(value * factor) / factor === value) return value;
  // toFixed rounds the exact binary value and the parse gives the double nearest to the decimal text.
  return Number(value.toFixed(decimals)) + 0;
}

const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

/** Decimals written for each kind of number. */
export const DECIMALS = {
  /** Microseconds. */
  seconds: 6,
  /** Hundredths of a pixel for boxes. */
  box: 2,
  /** Tenths of a pixel for landmarks: far below the accuracy of a landmark network. */
  landmark: 1,
  probability: 5,
  quality: 3,
} as const;
