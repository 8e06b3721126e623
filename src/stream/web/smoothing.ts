import type { LiveFace } from '../protocol/messages.js';
import { withPosteriors } from './posteriors.js';
import type { Posteriors } from './posteriors.js';

/** Seconds after which a face that comes back starts again. */
const FORGOTTEN_AFTER = 2;

interface Remembered {
  readonly time: number;
  readonly probabilities: Posteriors;
}

/**
 * Exponential moving average of each face's posteriors over time, p <- p + (1 - exp(-dt / tau)) (x - p), independent of the frame rate.
 * For display only.
 */
export class Smoothing {
  private readonly faces = new Map<number, Remembered>();

  /** @param tau time constant in seconds; 0 disables */
  constructor(public tau: number) {}

  /** @param time seconds, not decreasing */
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

  /** A new session starts: face ids start again at 1. */
  clear(): void {
    this.faces.clear();
  }
}

function mixed(from: Posteriors, to: Posteriors, share: number): Posteriors {
  return Object.fromEntries(
    Object.entries(to).map(([label, p]) => [label, (from[label] ?? p) + share * (p - (from[label] ?? p))]),
  );
}
