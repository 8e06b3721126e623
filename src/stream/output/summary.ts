import { printable } from '../../errors/fer-error.js';
import { SummaryBuilder } from '../results/summary-builder.js';
import type { FaceSummary, Summary } from '../results/summary-builder.js';
import { textFormat } from '../results/output-format.js';
import { percent } from './subtitle-format.js';

/** Labels named for each face. */
const NAMED_LABELS = 3;

/** A summary to read: one line for the recording and one for each face. */
export function summaryLines(summary: Summary): string[] {
  const { frames, faces, duration, outcome, run } = summary;
  const counted = `${count(frames.total, 'frame')}, ${frames.withFaces} with a face, ${count(faces.length, 'person', 'people')}`;
  return [`${printable(run.input.name)}: ${time(duration)}, ${counted}`, ...noteLines(outcome), ...faces.map(faceLine)];
}

function noteLines({ degraded, note }: Summary['outcome']): string[] {
  if (degraded) return [`  damaged input: ${printable(note ?? 'some frames could not be decoded')}`];
  return note === null ? [] : [`  note: ${printable(note)}`];
}

function faceLine(face: FaceSummary): string {
  const named = Object.entries(face.timeShare)
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, NAMED_LABELS)
    .map(([label, share]) => `${label} ${percent(share)}`);
  const seen = `${time(face.firstSeen)} to ${time(face.lastSeen)}`;
  const usable = face.seconds > 0 ? face.usableSeconds / face.seconds : 0;
  return `  ${printable(face.name ?? `Face ${face.id}`)}: ${seen}, ${count(face.frames, 'frame')}; ${named.length === 0 ? 'no usable time' : `${named.join(', ')} of its ${usable > 0.995 ? '' : 'usable '}time`}${usable > 0.995 ? '' : ` (${percent(usable)} usable)`}; mean ambiguity ${face.meanAmbiguity.toFixed(2)}`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** "4.2 s", "3:07" or "1:02:07" */
function time(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${pad(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** A recording in a few numbers. */
export const SUMMARY = textFormat(
  {
    name: 'summary',
    ending: '.summary.json',
    summary: 'a few numbers: per face, when it was seen and how much of the time each expression dominated (JSON)',
  },
  (metadata) => {
    const builder = new SummaryBuilder(metadata);
    return {
      frame(result) {
        builder.push(result);
        return '';
      },
      end: (outcome) => summaryText(builder.end(outcome)),
    };
  },
);

function summaryText(summary: Summary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}
