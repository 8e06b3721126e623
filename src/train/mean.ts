/** Value by value, of two arrays that are as long as each other. */
export function mean(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => (value + b[i]!) / 2);
}
