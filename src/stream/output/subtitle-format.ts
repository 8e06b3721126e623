import { printable } from '../../errors/fer-error.js';
import { escapeText } from '../../page/html.js';
import type { Segment } from '../results/expression-segments.js';
import { textFormat } from '../results/output-format.js';
import type { OutputFormat } from '../results/output-format.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { SegmentReader, faceName } from '../results/segment-reader.js';

/** https://www.w3.org/TR/webvtt1/ */
export const WEBVTT_CUES: SubtitleFormat = {
  name: 'vtt',
  ending: '.vtt',
  summary: 'WebVTT subtitles for browsers: one cue per face and segment of its dominant expression',
  header({ ferstream, input, model, engine }) {
    const note = printable(
      `${input.name}: ferstream ${ferstream}, model ${model.name} ${model.version}, engine ${engine.backend}`,
    );
    // An arrow would turn the note into a cue.
    return `WEBVTT\n\nNOTE ${note.replaceAll('-->', '->')}\n\n`;
  },
  cue(cue, number) {
    const { start, end } = cueMilliseconds(cue);
    // Cue text may contain tags and character references; ours is plain text.
    return `${number}\n${clockTime(start, '.')} --> ${clockTime(end, '.')}\n${escapeText(cueText(cue))}\n\n`;
  },
};

export const WEBVTT = subtitleOutput(WEBVTT_CUES);

/** SubRip has no standard; every player reads numbered cues with a comma before the milliseconds. */
export const SRT_CUES: SubtitleFormat = {
  name: 'srt',
  ending: '.srt',
  summary: 'SubRip subtitles for any player: the same cues as vtt',
  header: () => '',
  cue(cue, number) {
    const { start, end } = cueMilliseconds(cue);
    return `${number}\n${clockTime(start, ',')} --> ${clockTime(end, ',')}\n${plainSrt(cueText(cue))}\n\n`;
  },
};

export const SRT = subtitleOutput(SRT_CUES);

/** SubRip has no escapes; players read <...> as tags and {...} as ASS overrides, so round brackets replace them. */
function plainSrt(text: string): string {
  return text.replace(/[<{]/g, '(').replace(/[>}]/g, ')');
}

/** Differences between subtitle formats. */
interface SubtitleFormat extends Pick<OutputFormat, 'name' | 'ending' | 'summary'> {
  header(metadata: RunMetadata): string;
  /** @param number of the cue, from 1. */
  cue(segment: Segment, number: number): string;
}

/** Subtitles: one cue per expression segment. */
function subtitleOutput(format: SubtitleFormat): OutputFormat {
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
function cueText(segment: Segment): string {
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
