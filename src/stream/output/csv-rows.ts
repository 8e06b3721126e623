import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { roundedResult } from './jsonl-text.js';

export type Cell = string | number;

export function csvHeader(labels: readonly string[]): string[] {
  return [
    'frame',
    'timestamp',
    'face_id',
    'success',
    'confidence',
    'x',
    'y',
    'w',
    'h',
    ...labels,
    'label',
    'ambiguity',
  ];
}

/** The rows of one frame, faces by ascending id. Numbers are as exact as in JSONL. */
export function csvRows(result: FrameResult, labels: readonly string[]): Cell[][] {
  const { index, timestamp, faces } = roundedResult(result);
  if (faces.length === 0) {
    const empty = labels.map(() => '');
    return [[index, timestamp, '', 0, 0, '', '', '', '', ...empty, '', '']];
  }
  return faces.toSorted((a, b) => a.trackId - b.trackId).map((face) => [index, timestamp, ...faceCells(face, labels)]);
}

function faceCells(face: FaceResult, labels: readonly string[]): Cell[] {
  const { x, y, width, height } = face.box;
  // A face without evidence in this frame has a box only from the frames around it.
  const success = face.evidence === 'carried' ? 0 : 1;
  const posteriors = labels.map((label) => face.probabilities[label] ?? '');
  return [face.trackId, success, face.score, x, y, width, height, ...posteriors, face.label, face.ambiguity];
}
