import { printable } from '../../errors/fer-error.js';
import type { OutputFormat } from '../results/output-format.js';
import type { RunMetadata } from '../results/run-metadata.js';
import { textFormat } from '../results/text-format.js';
import type { Segment } from '../results/expression-segments.js';
import { SegmentReader, faceName } from '../results/segment-reader.js';

/** Differences between subtitle formats. */
export interface SubtitleFormat extends Pick<OutputFormat, 'name' | 'ending' | 'summary'> {
  header(metadata: RunMetadata): string;
  /** @param number of the cue, from 1. */
  cue(segment: Segment, number: number): string;
}

/** Subtitles: one cue per expression segment. */
export function subtitleOutput(format: SubtitleFormat): OutputFormat {
  return textFormat(format, (metadata) => {
    const segments = new SegmentReader(metadata);
    let number = 0;
    const text = (complete: readonly Segment[]): string =>
      complete.map((segment) => format.cue(segment, ++number)).join('');
    return {
      header: format.header(metadata),
      frame: (result) => text(segments.push(result)),
      end: () => text(segments.end()),
    };
  });
}

/**
 * "Face 1: happiness 83 %", with "?" where it is not sure, after the name of the file for an image folder. One line: an empty line would
 * end a cue.
 */
export function cueText(segment: Segment): string {
  const { file, problem, label, probability, trust } = segment;
  const doubt = trust === 'sure' ? '' : '?';
  const text =
    problem === undefined
      ? `${faceName(segment)}: ${label}${doubt} ${percent(probability)}`
      : `unreadable (${problem})`;
  return printable(file === undefined ? text : `${file}: ${text}`).replace(/\s+/gu, ' ');
}

export function percent(probability: number): string {
  return `${Math.round(probability * 100)} %`;
}

/** Start and end in whole milliseconds, at least one apart: players drop a cue that ends where it starts. */
export function cueMilliseconds(segment: Segment): { start: number; end: number } {
  // Subtitle formats cannot express times before zero.
  const start = Math.max(0, Math.round(segment.start * 1000));
  return { start, end: Math.max(start + 1, Math.round(segment.end * 1000)) };
}

/** "01:02:03.456"; hours may have more than two digits. */
export function clockTime(milliseconds: number, separator: '.' | ','): string {
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds % 60, 2)}${separator}${pad(milliseconds % 1000, 3)}`;
}
