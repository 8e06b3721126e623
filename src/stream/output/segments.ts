import { csvText } from './csv.js';
import type { Segment } from '../results/expression-segments.js';
import type { Cell } from '../results/result-columns.js';
import { DECIMALS, roundTo } from '../results/rounding.js';
import { SegmentReader } from '../results/segment-reader.js';
import { textFormat } from '../results/text-format.js';

const COLUMNS = ['start', 'end', 'duration', 'face_id', 'name', 'label', 'mean', 'peak', 'trust', 'file'];

/** One row per face and segment of its dominant expression. */
export const SEGMENTS = textFormat(
  {
    name: 'segments',
    ending: '.segments.csv',
    summary: 'a table: one row per face and period of its dominant expression, with start, end and trust',
  },
  (metadata) => {
    const segments = new SegmentReader(metadata);
    const rows = (complete: readonly Segment[]): string => csvText(complete.map(segmentRow));
    return {
      header: csvText([COLUMNS]),
      frame: (result) => rows(segments.push(result)),
      end: () => rows(segments.end()),
    };
  },
);

function segmentRow({ start, end, trackId, name, label, probability, peak, trust, file, problem }: Segment): Cell[] {
  const seconds = (value: number): number => roundTo(value, DECIMALS.seconds);
  const times = [seconds(start), seconds(end), seconds(end - start)];
  if (problem !== undefined) return [...times, '', '', '', '', '', 'unreadable', file ?? ''];
  const share = (value: number): number => roundTo(value, DECIMALS.probability);
  return [...times, trackId, name ?? '', label, share(probability), share(peak), trust, file ?? ''];
}
