/** Largest number of IEEE 754 binary16. */
export const LARGEST_FLOAT16 = 65504;

/** IEEE 754 binary16 of each value, as its 16 bits: the nearest one, of two equally near the even one. Larger values than `LARGEST_FLOAT16` become infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfOf);
}

/** @param word the bits of a float32: 1 sign, 8 exponent (bias 127), 23 fraction */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200); // infinity or NaN
  const half = exponent - 127 + 15; // exponent with binary16's bias
  if (half >= 31) return sign | 0x7c00;
  if (half < -10) return sign; // less than half of the smallest
  // Below 2^-14 the leading one is no longer implied, and moves into the fraction.
  const [significand, dropped] = half > 0 ? [(half << 23) | fraction, 13] : [fraction | 0x800000, 14 - half];
  const kept = significand >>> dropped;
  const rest = significand & ((1 << dropped) - 1);
  const halfway = 1 << (dropped - 1);
  // A carry out of the fraction goes into the exponent, which is where it belongs.
  return sign | (rest > halfway || (rest === halfway && (kept & 1) === 1) ? kept + 1 : kept);
}

interface Uint8Weights {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A weight is its byte times `scale`, plus `min`. */
  readonly scale: number;
  readonly min: number;
}

/** Values as 256 even steps from the smallest to the largest. */
export function toUint8(values: Float32Array): Uint8Weights {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const scale = max > min ? (max - min) / 255 : 1;
  return { bytes: Uint8Array.from(values, (value) => Math.round((value - min) / scale)), scale, min };
}

/** Mean absolute error over the mean absolute value; 0 for zeros. */
export function uint8Error(values: Float32Array, { bytes, scale, min }: Uint8Weights): number {
  let error = 0;
  let size = 0;
  for (const [i, value] of values.entries()) {
    error += Math.abs(bytes[i]! * scale + min - value);
    size += Math.abs(value);
  }
  return size === 0 ? 0 : error / size;
}
