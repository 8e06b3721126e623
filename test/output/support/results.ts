import * as fc from 'fast-check';
import { EXPRESSIONS_7 } from '../../../src/model/label-set.js';
import type { FaceResult, FrameResult } from '../../../src/stream/pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from '../../../src/stream/results/annotation-schema.js';

export const LABELS = EXPRESSIONS_7.labels;

export const METADATA: RunMetadata = {
  schemaVersion: 1,
  ferstream: '0.0.0-test',
  input: {
    name: 'clip.mp4',
    kind: 'file',
    hash: 'sha256:00',
    container: 'mov',
    codec: 'h264',
    duration: 2,
    expectedFrames: 50,
  },
  engine: { backend: 'wasm', tfjs: '4.22.0', device: null },
  model: { name: 'face-api', version: '1', labels: LABELS },
  detector: 'blazeface',
  settings: { fps: null, detectEvery: 1 },
  node: process.version,
  ffmpeg: '5.1',
};

export const GOOD: RunOutcome = { frames: 0, degraded: false, note: null };

/** A face of expression `label` with that posterior, the rest shared out. */
export function face(
  trackId: number,
  label: string,
  changes: Partial<FaceResult> & { probability?: number } = {},
): FaceResult {
  const { probability = 0.8, ...rest } = changes;
  const others = (1 - probability) / (LABELS.length - 1);
  return {
    trackId,
    box: { x: 20, y: 60, width: 80, height: 90 },
    score: 0.9,
    evidence: 'detected',
    quality: { size: 40, sharpness: 0.7, yaw: 3, roll: -2, pitch: 4, overall: 0.8, eyesVisible: 1, mouthVisible: 1 },
    eyeOpening: 0.3,
    mouthOpening: 0.1,
    landmarks: Array.from({ length: 68 }, (_, index) => ({ x: 20 + index, y: 60 + index / 3 })),
    probabilities: Object.fromEntries(LABELS.map((name) => [name, name === label ? probability : others])),
    label,
    ambiguity: others / probability,
    certainty: 0.95,
    trust: 'sure',
    ...rest,
  };
}

export function frame(
  index: number,
  timestamp: number,
  faces: readonly FaceResult[],
  changes: Partial<FrameResult> = {},
): FrameResult {
  return {
    index,
    timestamp,
    width: 320,
    height: 240,
    status: faces.length === 0 ? 'no-face' : 'ok',
    faces,
    ...changes,
  };
}

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const pixel = fc.double({ min: -500, max: 5000, noNaN: true });

const arbitraryFace: fc.Arbitrary<FaceResult> = fc
  .record({
    trackId: fc.integer({ min: 1, max: 4 }),
    box: fc.record({
      x: pixel,
      y: pixel,
      width: fc.double({ min: 1, max: 900, noNaN: true }),
      height: fc.double({ min: 1, max: 900, noNaN: true }),
    }),
    score: unit,
    evidence: fc.constantFrom('detected' as const, 'followed' as const, 'coasted' as const),
    quality: fc.record({
      size: fc.double({ min: 0, max: 500, noNaN: true }),
      sharpness: unit,
      yaw: pixel,
      roll: pixel,
      pitch: pixel,
      overall: unit,
      eyesVisible: unit,
      mouthVisible: unit,
    }),
    eyeOpening: unit,
    mouthOpening: unit,
    certainty: unit,
    trust: fc.constantFrom('sure' as const, 'unsure' as const, 'unusable' as const),
    landmarks: fc.array(fc.record({ x: pixel, y: pixel }), { maxLength: 4 }),
    weights: fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
      minLength: LABELS.length,
      maxLength: LABELS.length,
    }),
    ambiguity: unit,
  })
  .map(({ weights, ...rest }) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const best = weights.indexOf(Math.max(...weights));
    return {
      ...rest,
      probabilities: Object.fromEntries(LABELS.map((label, index) => [label, weights[index]! / sum])),
      label: LABELS[best]!,
    };
  });

/** Results of a variable-rate recording: up to four faces that come and go, strictly growing times. */
export const arbitraryResults: fc.Arbitrary<FrameResult[]> = fc
  .record({
    start: fc.double({ min: 0, max: 4000, noNaN: true }),
    frames: fc.array(
      fc.record({
        step: fc.oneof(fc.constant(0.04), fc.constant(1001 / 30000), fc.double({ min: 0.005, max: 0.6, noNaN: true })),
        faces: fc.uniqueArray(arbitraryFace, { maxLength: 4, selector: ({ trackId }) => trackId }),
      }),
      { maxLength: 60 },
    ),
  })
  .map(({ start, frames }) => {
    let timestamp = start;
    return frames.map(({ step, faces }, index) => {
      const result = frame(index, timestamp, faces, { width: 640, height: 360 });
      timestamp += step;
      return result;
    });
  });
