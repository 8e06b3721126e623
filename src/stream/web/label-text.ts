import type { LiveFace } from '../protocol/messages.js';
import { ranked } from './posteriors.js';

/** From here on the runner-up is named too: it has at least half the winner's posterior. */
const AMBIGUOUS = 0.5;

export function isAmbiguous({ ambiguity }: Pick<LiveFace, 'ambiguity'>): boolean {
  return ambiguity >= AMBIGUOUS;
}

/** "happiness 92 %", and where it is not clear "happiness 48 % / surprise 41 %". */
export function labelText(face: Pick<LiveFace, 'probabilities' | 'ambiguity'>): string {
  return ranked(face.probabilities)
    .slice(0, isAmbiguous(face) ? 2 : 1)
    .map(({ label, probability }) => `${label} ${percent(probability)}`)
    .join(' / ');
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
