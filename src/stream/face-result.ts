import type { TrackedFace } from '../ingest/index.js';
import type { LabelSet } from '../model/label-set.js';
import { ambiguity } from './ambiguity.js';
import type { FaceResult, FrameResult, FrameStatus } from './frame-result.js';
import type { FrameObservation } from './observation.js';

/** @param posteriors over `labels`, in its order. [C] */
export function toFaceResult(face: TrackedFace, posteriors: Float32Array, labels: LabelSet): FaceResult {
  const winner = argmax(posteriors);
  return {
    trackId: face.trackId,
    box: face.box,
    score: face.score,
    evidence: face.evidence,
    quality: face.quality,
    landmarks: face.landmarks,
    probabilities: Object.fromEntries(labels.labels.map((label, index) => [label, posteriors[index]!])),
    label: labels.labels[winner]!,
    ambiguity: ambiguity(posteriors),
  };
}

export function toFrameResult(frame: FrameObservation, faces: readonly FaceResult[]): FrameResult {
  const { index, timestamp, width, height } = frame;
  return { index, timestamp, width, height, status: frameStatus(faces), faces };
}

function frameStatus(faces: readonly FaceResult[]): FrameStatus {
  if (faces.length === 0) return 'no-face';
  return faces.some((face) => face.evidence !== 'carried') ? 'ok' : 'degraded';
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k += 1) if (values[k]! > values[best]!) best = k;
  return best;
}
