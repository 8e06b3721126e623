import { COVERED, SURE, TRUST_WEIGHTS, TURNED_AWAY } from './trust-weights.js';
import type { FaceQuality } from '../../ingest/face/align/face-quality.js';

/** Whether to rely on the expression of a face in a frame. */
export type Trust = 'sure' | 'unsure' | 'unusable';

/** Inputs of the verdict. */
export interface TrustEvidence {
  /** Posterior of the label and how close the runner-up is, after smoothing. */
  readonly probability: number;
  readonly ambiguity: number;
  readonly quality: ResultQuality;
  /** Not seen in this frame. */
  readonly coasted: boolean;
}

/** Quality of a face's picture, and what of it can be seen. */
export interface ResultQuality extends FaceQuality {
  /** Degrees from landmarks and texture: 0 is frontal, positive turns to the picture's right. */
  readonly yaw: number;
  /** Degrees from the landmarks; positive looks up. Coarse. */
  readonly pitch: number;
  /** 0 (covered) to 1 (visible). */
  readonly eyesVisible: number;
  readonly mouthVisible: number;
}

/*
 * Weights, the certainty of "sure" and the limits of yaw and visibility are fitted by bench/trust-fit.ts on labelled photographs, plain and degraded;
 * bench/trust.md has the figures on others.
 */

/** Beyond these limits a face shows too little of an expression, whatever its posteriors. */
export const LIMITS = {
  /** Pixels between the eyes. */
  size: 18,
  sharpness: 0.25,
  /** Degrees. */
  yaw: TURNED_AWAY,
  pitch: 40,
  visible: COVERED,
} as const;

/**
 * The chance that the label is right, 0..1, given posteriors and quality: a logistic regression on log(p / (1 - p)) of the label's posterior p, on
 * ambiguity, 1 - sharpness, |yaw| / 45, |pitch| / 45, and 1 - visibility of eyes and mouth.
 */
export function certaintyOf({ probability, ambiguity, quality }: TrustEvidence): number {
  const p = Math.min(0.999, Math.max(0.001, probability));
  const score =
    TRUST_WEIGHTS.bias +
    TRUST_WEIGHTS.logit * Math.log(p / (1 - p)) +
    TRUST_WEIGHTS.ambiguity * ambiguity +
    TRUST_WEIGHTS.blur * (1 - quality.sharpness) +
    TRUST_WEIGHTS.yaw * (Math.abs(quality.yaw) / 45) +
    TRUST_WEIGHTS.pitch * (Math.abs(quality.pitch) / 45) +
    TRUST_WEIGHTS.eyesCovered * (1 - quality.eyesVisible) +
    TRUST_WEIGHTS.mouthCovered * (1 - quality.mouthVisible);
  return 1 / (1 + Math.exp(-score));
}

export interface TrustLimits {
  /** Least overall quality, 0..1; below it a face is unusable. */
  readonly minQuality?: number;
  /** Least certainty, 0..1; below it a face is at best unsure. */
  readonly minCertainty?: number;
}

/** Reasons for unusable faces. */
export type UnusableReason =
  'not seen' | 'too small' | 'blurred' | 'turned away' | 'tilted' | 'eyes covered' | 'mouth covered' | 'low quality';

/** Why a face shows too little of an expression; null if it shows enough. */
export function unusableReason(
  { quality, coasted }: Pick<TrustEvidence, 'quality' | 'coasted'>,
  minQuality = 0,
): UnusableReason | null {
  if (coasted) return 'not seen';
  if (quality.size < LIMITS.size) return 'too small';
  if (quality.sharpness < LIMITS.sharpness) return 'blurred';
  if (Math.abs(quality.yaw) > LIMITS.yaw) return 'turned away';
  if (Math.abs(quality.pitch) > LIMITS.pitch) return 'tilted';
  if (quality.eyesVisible < LIMITS.visible) return 'eyes covered';
  if (quality.mouthVisible < LIMITS.visible) return 'mouth covered';
  return quality.overall < minQuality ? 'low quality' : null;
}

export function trustOf(
  evidence: TrustEvidence,
  certainty: number,
  { minQuality = 0, minCertainty = SURE }: TrustLimits = {},
): Trust {
  if (unusableReason(evidence, minQuality) !== null) return 'unusable';
  return certainty >= minCertainty ? 'sure' : 'unsure';
}
