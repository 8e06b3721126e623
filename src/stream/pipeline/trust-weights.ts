// Written by bench/trust-fit.ts; do not edit.

/** Certainty from which a face is "sure". */
export const SURE = 0.7;

/** Of the logistic regression in trust.ts. */
export const TRUST_WEIGHTS = {
  bias: 0.11,
  logit: 1.1,
  ambiguity: -0.05,
  blur: -0.05,
  yaw: -0.32,
  pitch: -0.05,
  eyesCovered: -0.21,
  mouthCovered: -0.74,
} as const;
