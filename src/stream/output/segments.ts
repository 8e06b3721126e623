import { csvText } from '../results/result-columns.js';
import type { Segment } from '../results/expression-segments.js';
import type { Cell, Column } from '../results/result-columns.js';
import { DECIMALS, roundTo } from '../results/rounding.js';
import { SegmentReader } from '../results/segment-reader.js';
import { textFormat } from '../results/output-format.js';

const number = (name: string) => ({ name, type: 'number' as const });
const text = (name: string) => ({ name, type: 'text' as const });

/** Columns of one row per segment, in CSV and Parquet. */
export const SEGMENT_COLUMNS: readonly Pick<Column, 'name' | 'type'>[] = [
  number('start'),
  number('end'),
  number('duration'),
  { name: 'face_id', type: 'integer' },
  text('name'),
  text('label'),
  number('mean'),
  number('peak'),
  text('trust'),
  text('file'),
];

/** One row per face and segment of its dominant expression. */
export const SEGMENTS = textFormat(
  {
    name: 'segments',
    ending: '.segments.csv',
    summary: 'a table: one row per face and period of its dominant expression, with start, end and trust',
  },
  (metadata) => {
    const segments = new SegmentReader(metadata);
    const rows = (complete: readonly Segment[]): string =>
      csvText(complete.map((segment) => segmentRow(segment).map((cell) => cell ?? '')));
    return {
      header: csvText([SEGMENT_COLUMNS.map(({ name }) => name)]),
      frame: (result) => rows(segments.push(result)),
      end: () => rows(segments.end()),
    };
  },
);

/** The cells of a segment; null is empty. */
export function segmentRow(segment: Segment): (Cell | null)[] {
  const { start, end, trackId, name, label, probability, peak, trust, file, problem } = segment;
  const seconds = (value: number): number => roundTo(value, DECIMALS.seconds);
  const times = [seconds(start), seconds(end), seconds(end - start)];
  if (problem !== undefined) return [...times, null, null, null, null, null, 'unreadable', file ?? null];
  const share = (value: number): number => roundTo(value, DECIMALS.probability);
  return [...times, trackId, name ?? null, label, share(probability), share(peak), trust, file ?? null];
}
