import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { roundedResult } from './jsonl-text.js';

export type Cell = string | number;

/** What decides which columns there are. */
export interface CsvLayout {
  readonly labels: readonly string[];
  /** Adds the name of each frame's file, and why it could not be read: for image folders. */
  readonly files?: boolean;
}

const BOX = ['x', 'y', 'w', 'h'];

export function csvHeader({ labels, files = false }: CsvLayout): string[] {
  return [
    'frame',
    'timestamp',
    ...(files ? ['file'] : []),
    'face_id',
    'success',
    'confidence',
    ...BOX,
    ...labels,
    'label',
    'ambiguity',
    ...(files ? ['problem'] : []),
  ];
}

/** The rows of one frame, faces by ascending id. Numbers are as exact as in JSONL. */
export function csvRows(result: FrameResult, { labels, files = false }: CsvLayout): Cell[][] {
  const { index, timestamp, file = '', problem = '', faces } = roundedResult(result);
  const row = (cells: Cell[]): Cell[] => [
    index,
    timestamp,
    ...(files ? [file] : []),
    ...cells,
    ...(files ? [problem] : []),
  ];
  if (faces.length === 0) return [row(['', 0, 0, ...[...BOX, ...labels, 'label', 'ambiguity'].map(() => '')])];
  return faces.toSorted((a, b) => a.trackId - b.trackId).map((face) => row(faceCells(face, labels)));
}

function faceCells(face: FaceResult, labels: readonly string[]): Cell[] {
  const { x, y, width, height } = face.box;
  // A face without evidence in this frame has a box only from the frames around it.
  const success = face.evidence === 'carried' ? 0 : 1;
  const posteriors = labels.map((label) => face.probabilities[label] ?? '');
  return [face.trackId, success, face.score, x, y, width, height, ...posteriors, face.label, face.ambiguity];
}
