import type { FaceQuality } from '../../ingest/face/align/face-quality.js';

/** Whether to rely on the expression of a face in a frame. */
export type Trust = 'sure' | 'unsure' | 'unusable';

/** What the verdict depends on. */
export interface TrustEvidence {
  /** Posterior of the label and how close the runner-up is, after smoothing. */
  readonly probability: number;
  readonly ambiguity: number;
  readonly quality: ResultQuality;
  /** Without evidence of its own in this frame. */
  readonly coasted: boolean;
}

/** Quality of a face's picture, and what of it can be seen. */
export interface ResultQuality extends FaceQuality {
  /** Degrees from the landmarks; positive looks up. Coarse. */
  readonly pitch: number;
  /** 0 (covered) to 1 (visible). */
  readonly eyesVisible: number;
  readonly mouthVisible: number;
}

/** A face beyond these limits shows too little of an expression, whatever the model says. */
const LIMITS = {
  /** Pixels between the eyes. */
  size: 12,
  sharpness: 0.12,
  /** Degrees. */
  yaw: 50,
  pitch: 45,
  visible: 0.35,
} as const;

/** Certainty from which a face is "sure". */
export const SURE = 0.9;

/** Logistic regression: chance that the label is right. */
const WEIGHTS = {
  bias: -1.2,
  /** Of log(p / (1 - p)). */
  logit: 0.6,
  ambiguity: -1.5,
  /** Of log2(size / 32), at most 0. */
  size: 0.4,
  /** Of 1 - sharpness. */
  blur: -1,
  /** Of |yaw| / 45 and |pitch| / 45. */
  yaw: -1,
  pitch: -0.5,
  /** Of 1 - visibility. */
  eyesCovered: -2,
  mouthCovered: -3,
} as const;

/** The chance that the label is right, 0..1, given posteriors and quality. */
export function certaintyOf({ probability, ambiguity, quality }: TrustEvidence): number {
  const p = Math.min(0.999, Math.max(0.001, probability));
  const score =
    WEIGHTS.bias +
    WEIGHTS.logit * Math.log(p / (1 - p)) +
    WEIGHTS.ambiguity * ambiguity +
    WEIGHTS.size * Math.min(0, Math.log2(Math.max(1, quality.size) / 32)) +
    WEIGHTS.blur * (1 - quality.sharpness) +
    WEIGHTS.yaw * (Math.abs(quality.yaw) / 45) +
    WEIGHTS.pitch * (Math.abs(quality.pitch) / 45) +
    WEIGHTS.eyesCovered * (1 - quality.eyesVisible) +
    WEIGHTS.mouthCovered * (1 - quality.mouthVisible);
  return 1 / (1 + Math.exp(-score));
}

export interface TrustLimits {
  /** Least overall quality, 0..1; below it a face is unusable. */
  readonly minQuality?: number;
  /** Least certainty, 0..1; below it a face is at best unsure. */
  readonly minConfidence?: number;
}

export function trustOf(
  evidence: TrustEvidence,
  certainty: number,
  { minQuality = 0, minConfidence = SURE }: TrustLimits = {},
): Trust {
  const { quality, coasted } = evidence;
  if (
    coasted ||
    quality.overall < minQuality ||
    quality.size < LIMITS.size ||
    quality.sharpness < LIMITS.sharpness ||
    Math.abs(quality.yaw) > LIMITS.yaw ||
    Math.abs(quality.pitch) > LIMITS.pitch ||
    Math.min(quality.eyesVisible, quality.mouthVisible) < LIMITS.visible
  ) {
    return 'unusable';
  }
  return certainty >= minConfidence ? 'sure' : 'unsure';
}
