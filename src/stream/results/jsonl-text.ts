import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from './annotation-schema.js';
import { DECIMALS, roundTo } from './rounding.js';

// Lines only, no files: the live page writes the same lines in the browser.

export function runText(metadata: RunMetadata): string {
  return `${JSON.stringify({ type: 'run', ...metadata })}\n`;
}

export function frameText(result: FrameResult): string {
  return `${JSON.stringify({ type: 'frame', ...roundedResult(result) })}\n`;
}

export function endText(outcome: RunOutcome): string {
  return `${JSON.stringify({ type: 'end', ...outcome })}\n`;
}

/** `result` rounded as it is written; see DECIMALS. */
export function roundedResult(result: FrameResult): FrameResult {
  const { index, timestamp, file, width, height, status, problem, faces } = result;
  return {
    index,
    timestamp: roundTo(timestamp, DECIMALS.seconds),
    ...(file === undefined ? {} : { file }),
    width,
    height,
    status,
    ...(problem === undefined ? {} : { problem }),
    faces: faces.map(roundedFace),
  };
}

function roundedFace(face: FaceResult): FaceResult {
  const { box, quality } = face;
  return {
    trackId: face.trackId,
    ...(face.name === undefined ? {} : { name: face.name }),
    box: {
      x: roundTo(box.x, DECIMALS.box),
      y: roundTo(box.y, DECIMALS.box),
      width: roundTo(box.width, DECIMALS.box),
      height: roundTo(box.height, DECIMALS.box),
    },
    score: roundTo(face.score, DECIMALS.probability),
    evidence: face.evidence,
    quality: {
      size: roundTo(quality.size, DECIMALS.landmark),
      sharpness: roundTo(quality.sharpness, DECIMALS.quality),
      yaw: roundTo(quality.yaw, DECIMALS.landmark),
      roll: roundTo(quality.roll, DECIMALS.landmark),
      pitch: roundTo(quality.pitch, DECIMALS.landmark),
      overall: roundTo(quality.overall, DECIMALS.quality),
      eyesVisible: roundTo(quality.eyesVisible, DECIMALS.quality),
      mouthVisible: roundTo(quality.mouthVisible, DECIMALS.quality),
    },
    eyeOpening: roundTo(face.eyeOpening, DECIMALS.quality),
    mouthOpening: roundTo(face.mouthOpening, DECIMALS.quality),
    ...(face.speaking === undefined ? {} : { speaking: face.speaking }),
    landmarks: face.landmarks.map(({ x, y }) => ({
      x: roundTo(x, DECIMALS.landmark),
      y: roundTo(y, DECIMALS.landmark),
    })),
    probabilities: roundedPosteriors(face.probabilities),
    label: face.label,
    ambiguity: roundTo(face.ambiguity, DECIMALS.probability),
    certainty: roundTo(face.certainty, DECIMALS.quality),
    trust: face.trust,
    ...(face.relative === undefined || face.relativeLabel === undefined
      ? {}
      : { relative: roundedPosteriors(face.relative), relativeLabel: face.relativeLabel }),
  };
}

function roundedPosteriors(posteriors: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  // Those read from a file are round already.
  if (
    Object.values(posteriors).every((value) => roundTo(value, DECIMALS.probability) === value && !Object.is(value, -0))
  )
    return posteriors;
  return Object.fromEntries(
    Object.entries(posteriors).map(([label, probability]) => [label, roundTo(probability, DECIMALS.probability)]),
  );
}
