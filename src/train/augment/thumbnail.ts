/** Side of the thumbnails that are compared. */
const SIDE = 12;

/** A picture made small and standardised: two faces that lie alike and look alike have a small `distance`. @param data [S, S, C] @returns [12 * 12] */
export function thumbnail(data: ArrayLike<number>, size: number, channels: number): Float32Array {
  const small = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < size; y += 1) {
    const row = ((y * SIDE) / size) | 0;
    for (let x = 0; x < size; x += 1)
      small[row * SIDE + (((x * SIDE) / size) | 0)]! += data[(y * size + x) * channels]!;
  }
  const { mean, deviation } = moments(small);
  return small.map((value) => (value - mean) / Math.max(1e-6, deviation));
}

/** Squared Euclidean. */
export function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

export function moments(data: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < data.length; i += 1) {
    sum += data[i]!;
    squares += data[i]! * data[i]!;
  }
  const mean = sum / data.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / data.length - mean * mean)) };
}
