import type { LiveFace } from '../protocol/messages.js';
import { labelText } from './posteriors.js';

/** The faces as text, for screen readers. */
export function summaryText(faces: readonly LiveFace[]): string {
  if (faces.length === 0) return 'No face.';
  return faces
    .map((face) => {
      const words = labelText(face).replace('? ', '').replace(' / ', ' or ');
      return `Face ${face.trackId}: ${words}${face.trust === 'sure' ? '' : `, ${face.trust}`}.`;
    })
    .join(' ');
}

/** Minimum milliseconds between two announcements. */
const QUIET = 5_000;

/** Announces a text when it has changed, at most every five seconds. */
export class Announcer {
  private said = '';
  private saidAt = -Infinity;

  /**
   * @param gist the part whose change is worth announcing: percentages always change
   * @returns null when there is nothing to announce
   */
  announce(gist: string, text: string, now: number): string | null {
    if (gist === this.said || now - this.saidAt < QUIET) return null;
    this.said = gist;
    this.saidAt = now;
    return text;
  }
}
