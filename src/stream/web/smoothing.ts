import type { LiveFace } from '../protocol/messages.js';
import { withPosteriors } from './posteriors.js';
import type { Posteriors } from './posteriors.js';

/** Seconds after which a face that comes back begins anew. */
const FORGOTTEN_AFTER = 2;

interface Remembered {
  readonly time: number;
  readonly probabilities: Posteriors;
}

/**
 * Calms what is shown: an exponential mean of each face's posteriors over time, p <- p + (1 - exp(-dt / tau)) (x - p), whatever the frame rate does.
 * For display only.
 */
export class Smoothing {
  private readonly faces = new Map<number, Remembered>();

  /** @param tau seconds; 0 shows every result as it is */
  constructor(public tau: number) {}

  /** @param time seconds, never smaller than before */
  apply(faces: readonly LiveFace[], time: number): readonly LiveFace[] {
    for (const [trackId, { time: seen }] of this.faces) if (time - seen > FORGOTTEN_AFTER) this.faces.delete(trackId);
    return faces.map((face) => {
      const before = this.faces.get(face.trackId);
      const probabilities =
        before === undefined || this.tau <= 0
          ? face.probabilities
          : mixed(before.probabilities, face.probabilities, 1 - Math.exp(-(time - before.time) / this.tau));
      this.faces.set(face.trackId, { time, probabilities });
      return withPosteriors(face, probabilities);
    });
  }

  /** Faces are numbered anew. */
  clear(): void {
    this.faces.clear();
  }
}

function mixed(from: Posteriors, to: Posteriors, share: number): Posteriors {
  return Object.fromEntries(
    Object.entries(to).map(([label, p]) => [label, (from[label] ?? p) + share * (p - (from[label] ?? p))]),
  );
}
