// Written by bench/trust-fit.ts; do not edit.

/** Degrees of yaw beyond which a face is turned away. */
export const TURNED_AWAY = 33;

/** Certainty from which a face is "sure". */
export const SURE = 0.68;

/** Weights of the logistic regression in trust.ts. */
export const TRUST_WEIGHTS = {
  bias: 0.15,
  logit: 0.99,
  ambiguity: -0.61,
  blur: -0.05,
  yaw: -0.05,
  pitch: -0.05,
  eyesCovered: -1.28,
  mouthCovered: -0.11,
} as const;
