import { clockTime, cueMilliseconds, subtitleOutput, cueText } from './subtitle-format.js';
import type { SubtitleFormat } from './subtitle-format.js';

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
export function plainSrt(text: string): string {
  return text.replace(/[<{]/g, '(').replace(/[>}]/g, ')');
}
