import { printable } from '../../errors/fer-error.js';
import type { Segment } from '../results/expression-segments.js';
import { DECIMALS, roundTo } from '../results/rounding.js';
import { byFace, faceName, segmentsText } from '../results/segment-reader.js';

/** Praat's TextGrid, long text form: one interval tier per face. https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html */
export const TEXTGRID = segmentsText(
  {
    name: 'textgrid',
    ending: '.TextGrid',
    summary: 'Praat TextGrid: one interval tier per face',
  },
  (segments, { endTime }) => gridText(segments, Math.max(endTime, 0.001)),
);

interface Interval {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function gridText(segments: readonly Segment[], end: number): string {
  const tiers = byFace(segments);
  const head =
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n' +
    `xmin = 0\nxmax = ${time(end)}\ntiers? <exists>\nsize = ${tiers.length}\nitem []:\n`;
  const items = tiers.map(([, own], index) => {
    const intervals = filled(own, end);
    const lines = intervals.map(
      ({ start, end: until, text }, i) =>
        `        intervals [${i + 1}]:\n            xmin = ${time(start)}\n            xmax = ${time(until)}\n            text = ${quoted(text)}\n`,
    );
    return (
      `    item [${index + 1}]:\n        class = "IntervalTier"\n        name = ${quoted(faceName(own[0]!))}\n` +
      `        xmin = 0\n        xmax = ${time(end)}\n        intervals: size = ${intervals.length}\n${lines.join('')}`
    );
  });
  return head + items.join('');
}

/** Tiers have no gaps: empty intervals fill them. Times before zero cannot be written. */
function filled(segments: readonly Segment[], end: number): Interval[] {
  const intervals: Interval[] = [];
  let at = 0;
  for (const segment of segments) {
    const start = Math.max(at, segment.start);
    if (segment.end <= start) continue;
    if (start > at) intervals.push({ start: at, end: start, text: '' });
    const { label, trust, problem } = segment;
    intervals.push({ start, end: segment.end, text: problem ?? (trust === 'sure' ? label : `${label}?`) });
    at = segment.end;
  }
  if (at < end || intervals.length === 0) intervals.push({ start: at, end: Math.max(at, end), text: '' });
  return intervals;
}

function time(seconds: number): number {
  return roundTo(seconds, DECIMALS.seconds);
}

function quoted(text: string): string {
  return `"${printable(text).replaceAll('"', '""')}"`;
}
