// Written by bench/trust-fit.ts; do not edit.

/** Degrees of yaw beyond which a face is turned away. */
export const TURNED_AWAY = 32;

/** Visibility below which eyes or mouth are covered. */
export const COVERED = 0.5;

/** Certainty from which a face is "sure". */
export const SURE = 0.85;

/** Weights of the logistic regression in trust.ts. */
export const TRUST_WEIGHTS = {
  bias: 0.06,
  logit: 1.08,
  ambiguity: -0.05,
  blur: -0.27,
  yaw: -0.05,
  pitch: -0.05,
  eyesCovered: -0.51,
  mouthCovered: -0.05,
} as const;
