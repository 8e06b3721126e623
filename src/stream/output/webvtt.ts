import { printable } from '../../errors/fer-error.js';
import { clockTime, cueMilliseconds, subtitleOutput, cueText } from './subtitle-format.js';
import type { SubtitleFormat } from './subtitle-format.js';

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
    return `${number}\n${clockTime(start, '.')} --> ${clockTime(end, '.')}\n${escapeVtt(cueText(cue))}\n\n`;
  },
};

export const WEBVTT = subtitleOutput(WEBVTT_CUES);

/** Cue text may contain tags and character references; ours is plain text. */
export function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
