import type { RunMetadata } from './run-metadata.js';
import { AtomicFile } from '../../files/atomic-file.js';
import type { OutputFormat, StagedWriter } from './output-format.js';
import { ExpressionStretches } from './stretches.js';
import type { Cue } from './stretches.js';

/** What tells one subtitle format from another. */
export interface CueFormat {
  readonly name: string;
  readonly ending: string;
  readonly summary: string;
  header(metadata: RunMetadata): string;
  /** @param number of the cue, from 1. */
  cue(cue: Cue, number: number): string;
}

/** A subtitle file: the cues of ExpressionStretches in the words of one format. */
export function cueOutput(format: CueFormat): OutputFormat {
  return {
    name: format.name,
    ending: format.ending,
    summary: format.summary,
    async open(path: string, metadata: RunMetadata): Promise<StagedWriter> {
      const stretches = new ExpressionStretches();
      const file = await AtomicFile.open(path);
      let number = 0;
      const writeCues = async (cues: readonly Cue[]): Promise<void> => {
        for (const cue of cues) await file.write(format.cue(cue, ++number));
      };
      try {
        await file.write(format.header(metadata));
      } catch (error) {
        await file.abort();
        throw error;
      }
      return {
        write: (result) => writeCues(stretches.push(result)),
        async prepare() {
          await writeCues(stretches.end());
          await file.prepare();
        },
        commit: () => file.commit(),
        abort: () => file.abort(),
      };
    },
  };
}

/** "Face 1: happiness 83 %" */
export function cueText(cue: Cue): string {
  return `Face ${cue.trackId}: ${cue.label} ${percent(cue.probability)}`;
}

export function percent(probability: number): string {
  return `${Math.round(probability * 100)} %`;
}

/** Start and end in whole milliseconds, at least one apart: players drop a cue that ends where it starts. */
export function cueMilliseconds(cue: Cue): { start: number; end: number } {
  // Before its zero a subtitle format has no words.
  const start = Math.max(0, Math.round(cue.start * 1000));
  return { start, end: Math.max(start + 1, Math.round(cue.end * 1000)) };
}

/** "01:02:03.456"; hours grow beyond two digits where they must. */
export function clockTime(milliseconds: number, separator: '.' | ','): string {
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds % 60, 2)}${separator}${pad(milliseconds % 1000, 3)}`;
}

/** One line, whatever the text holds: an empty line would end a cue. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}
