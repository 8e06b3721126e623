import { stringify } from 'csv-stringify/sync';
import type { FaceResult, FrameResult } from '../frame-result.js';
import type { RunMetadata } from '../run-metadata.js';
import { AtomicFile } from './atomic-file.js';
import { roundedResult } from './jsonl.js';
import type { OutputFormat, StagedWriter } from './output-format.js';

type Cell = string | number;

/** One row per face per frame, and a placeholder row for a frame without one, so that rows never lose step with frames. */
export const CSV: OutputFormat = {
  name: 'csv',
  ending: '.csv',
  summary: 'a table: one row per face per frame, a placeholder row for a frame without a face',
  async open(path: string, metadata: RunMetadata): Promise<StagedWriter> {
    const { labels } = metadata.model;
    const file = await AtomicFile.open(path);
    try {
      await file.write(csvText([csvHeader(labels)]));
    } catch (error) {
      await file.abort();
      throw error;
    }
    return {
      write: (result) => file.write(csvText(csvRows(result, labels))),
      prepare: () => file.prepare(),
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  },
};

export function csvHeader(labels: readonly string[]): string[] {
  return ['frame', 'timestamp', 'face_id', 'success', 'confidence', 'x', 'y', 'w', 'h', ...labels, 'label', 'ambiguity'];
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
  // A carried face has a place only because the frames around it had one.
  const success = face.evidence === 'carried' ? 0 : 1;
  const posteriors = labels.map((label) => face.probabilities[label] ?? '');
  return [face.trackId, success, face.score, x, y, width, height, ...posteriors, face.label, face.ambiguity];
}

function csvText(rows: Cell[][]): string {
  // RFC 4180 ends lines with CR LF.
  return stringify(rows, { record_delimiter: 'windows' });
}
