/** Euclidean length of all gradients together. */
export function globalNorm(gradient: Float32Array): number {
  let sum = 0;
  for (const value of gradient) sum += value * value;
  return Math.sqrt(sum);
}

/** Scales the gradient down, in place, to a length of at most `most` (Pascanu et al., 2013). Returns the length it had. */
export function clipToNorm(gradient: Float32Array, most: number): number {
  const norm = globalNorm(gradient);
  if (norm > most) {
    const factor = most / norm;
    for (let i = 0; i < gradient.length; i += 1) gradient[i]! *= factor;
  }
  return norm;
}
