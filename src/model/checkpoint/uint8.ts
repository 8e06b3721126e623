export interface Uint8Weights {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A weight is its byte times `scale`, plus `min`. */
  readonly scale: number;
  readonly min: number;
}

/** Values at 256 even steps from the least to the largest of them. */
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

/** How far the values have moved: by how much on average, over their mean size. 0 for zeros. */
export function uint8Error(values: Float32Array, { bytes, scale, min }: Uint8Weights): number {
  let error = 0;
  let size = 0;
  for (const [i, value] of values.entries()) {
    error += Math.abs(bytes[i]! * scale + min - value);
    size += Math.abs(value);
  }
  return size === 0 ? 0 : error / size;
}
