// Imported file by file: browsers know these types too, and nothing they lead to may need Node.

import type { Box, Point } from '../../ingest/face/align/geometry.js';
import { overallQuality } from '../../ingest/face/align/face-quality.js';
import type { FaceEvidence, TrackedFace } from '../../ingest/face/track/track.js';
import type { Frame } from '../../ingest/frame.js';
import type { LabelSet } from '../../model/label-set.js';
import type { FaceMeasures } from './face-measures.js';
import { certaintyOf, trustOf } from './trust.js';
import type { ResultQuality, Trust, TrustLimits } from './trust.js';

/** A frame whose pixels are gone, and what is known of each of its faces so far. */
export type FrameOf<F> = Omit<Frame, 'data' | 'release'> & { readonly faces: readonly F[] };

/** A tracked face without its pixels, but with what was measured from them. */
export type MeasuredFace = Omit<TrackedFace, 'patch'> & FaceMeasures;

/** A face after the frame encoder. */
export interface FaceObservation {
  readonly face: MeasuredFace;
  /** [D] */
  readonly features: Float32Array;
}

/** A face after the temporal encoder and classifier. */
export interface ClassifiedFace {
  readonly face: MeasuredFace;
  /** Over the model's labels, summing to 1. [C] */
  readonly posteriors: Float32Array;
}

export type FrameObservation = FrameOf<FaceObservation> & {
  /** Tracklets that have ended unconfirmed and count as faces all the same. */
  readonly accepted?: readonly number[];
};
export type ClassifiedFrame = FrameOf<ClassifiedFace>;

/** One face in one frame, with its expression. */
export interface FaceResult {
  /** The same person keeps the same id through the footage; from 1. */
  readonly trackId: number;
  /** Pixels of the frame as annotated. */
  readonly box: Box;
  /** Confidence that this is a face, 0..1. */
  readonly score: number;
  readonly evidence: FaceEvidence;
  readonly quality: ResultQuality;
  /** Eye aspect ratio (opening / width), mean of both eyes: about 0.3 open, below 0.15 closed. */
  readonly eyeOpening: number;
  /** Mouth aspect ratio (opening / width) of the inner lips: 0 closed. */
  readonly mouthOpening: number;
  /** The mouth opened and closed in the rhythm of syllables during the last 1.2 s; absent where that is unknown. */
  readonly speaking?: boolean;
  readonly landmarks: readonly Point[];
  /** Posterior of every label of the model's label set; they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The label with the largest posterior. */
  readonly label: string;
  /** How close the runner-up is to the winner: 0 clear, 1 tie. */
  readonly ambiguity: number;
  /** Chance that the label is right, 0..1, from posteriors and quality (trust.ts). */
  readonly certainty: number;
  readonly trust: Trust;
  /** With a baseline: posteriors relative to the person's own resting face, and the largest; absent where that is not known. */
  readonly relative?: Readonly<Record<string, number>>;
  readonly relativeLabel?: string;
  /** Name of the person, if given. */
  readonly name?: string;
}

/**
 * "degraded": no face was seen in this frame itself, only in the frames around it.
 * "unreadable": an image that could not be decoded; it has no pixels and no faces.
 */
export type FrameStatus = 'ok' | 'no-face' | 'degraded' | 'unreadable';

/** Result of one decoded frame; exactly one for each, in order. */
export interface FrameResult {
  readonly index: number;
  /** Presentation time in seconds, from the container. */
  readonly timestamp: number;
  /** Image folders only: the file name. */
  readonly file?: string;
  readonly width: number;
  readonly height: number;
  readonly status: FrameStatus;
  /** Why an image is unreadable. */
  readonly problem?: string;
  readonly faces: readonly FaceResult[];
}

/** Faces are ordered by track id. */
export function toFrameResult(frame: ClassifiedFrame, labels: LabelSet, limits: TrustLimits = {}): FrameResult {
  const { index, timestamp, width, height, file, unreadable } = frame;
  const faces = frame.faces.map((face) => toFaceResult(face, labels, limits)).sort((a, b) => a.trackId - b.trackId);
  return {
    index,
    timestamp,
    ...(file === undefined ? {} : { file }),
    width,
    height,
    status: unreadable === undefined ? frameStatus(faces) : 'unreadable',
    ...(unreadable === undefined ? {} : { problem: unreadable }),
    faces,
  };
}

function toFaceResult({ face, posteriors }: ClassifiedFace, labels: LabelSet, limits: TrustLimits): FaceResult {
  const winner = argmax(posteriors);
  const { pitch, yaw, eyesVisible, mouthVisible } = face;
  const { size, sharpness } = face.quality;
  const overall = overallQuality(size, sharpness, yaw);
  const evidence = {
    probability: posteriors[winner]!,
    ambiguity: ambiguity(posteriors),
    quality: { ...face.quality, yaw, overall, pitch, eyesVisible, mouthVisible },
    coasted: face.evidence === 'coasted',
  };
  const certainty = certaintyOf(evidence);
  return {
    trackId: face.trackId,
    box: face.box,
    score: face.score,
    evidence: face.evidence,
    quality: evidence.quality,
    eyeOpening: face.eyeOpening,
    mouthOpening: face.mouthOpening,
    landmarks: face.landmarks,
    probabilities: Object.fromEntries(labels.labels.map((label, k) => [label, posteriors[k]!])),
    label: labels.labels[winner]!,
    ambiguity: evidence.ambiguity,
    certainty,
    trust: trustOf(evidence, certainty, limits),
  };
}

function frameStatus(faces: readonly FaceResult[]): FrameStatus {
  if (faces.length === 0) return 'no-face';
  return faces.some((face) => face.evidence !== 'coasted') ? 'ok' : 'degraded';
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k += 1) if (values[k]! > values[best]!) best = k;
  return best;
}

/**
 * How close the nearest negative comes to the winner, p2 / p1: 0 clear, 1 tie. NAW weighs its training samples
 * in the same plane (s = (p_GT, p_NN)), with the winner in place of the unknown truth.
 */
export function ambiguity(posteriors: ArrayLike<number>): number {
  let first = 0;
  let second = 0;
  for (let k = 0; k < posteriors.length; k += 1) {
    const p = posteriors[k]!;
    if (p > first) [first, second] = [p, first];
    else if (p > second) second = p;
  }
  return first > 0 ? second / first : 1;
}
