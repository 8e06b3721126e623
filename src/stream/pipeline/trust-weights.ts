// Written by bench/trust-fit.ts; do not edit.

/** Certainty from which a face is "sure". */
export const SURE = 0.7;

/** Weights of the logistic regression in trust.ts. */
export const TRUST_WEIGHTS = {
  bias: 0.06,
  logit: 1.08,
  ambiguity: -0.05,
  blur: -0.05,
  yaw: -0.05,
  pitch: -0.28,
  eyesCovered: -0.49,
  mouthCovered: -0.49,
} as const;
