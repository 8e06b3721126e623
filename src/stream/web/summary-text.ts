import type { LiveFace } from '../protocol/messages.js';
import { labelText } from './label-text.js';

/** The faces in words, for those who do not see the picture. */
export function summaryText(faces: readonly LiveFace[]): string {
  if (faces.length === 0) return 'No face.';
  return faces.map((face) => `Face ${face.trackId}: ${labelText(face).replace(' / ', ' or ')}.`).join(' ');
}

/** Milliseconds that a screen reader is given between two summaries. */
const QUIET = 5_000;

/** Lets a text through when it is another one, and not more often than every five seconds. */
export class Announcer {
  private said = '';
  private saidAt = -Infinity;

  /**
   * @param gist what must change for the text to be worth saying again: percentages always change
   * @returns null when there is nothing to say now
   */
  announce(gist: string, text: string, now: number): string | null {
    if (gist === this.said || now - this.saidAt < QUIET) return null;
    this.said = gist;
    this.saidAt = now;
    return text;
  }
}
