import { ambiguity } from '../pipeline/frame-result.js';
import type { HelloMessage, LiveFace } from '../protocol/messages.js';

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

/** Posteriors of one face, over the model's labels. */
export type Posteriors = Readonly<Record<string, number>>;

/** The runner-up is named too when it has at least this share of the winner's posterior. */
const AMBIGUOUS = 0.5;

/** `face` with other posteriors, and the label and ambiguity that follow from them. */
function withPosteriors(face: LiveFace, probabilities: Posteriors): LiveFace {
  return {
    ...face,
    probabilities,
    label: ranked(probabilities)[0]?.label ?? face.label,
    ambiguity: ambiguity(Object.values(probabilities)),
  };
}

/** Labels by falling posterior; equal ones in the model's order. */
export function ranked(probabilities: Posteriors): readonly { readonly label: string; readonly probability: number }[] {
  return Object.entries(probabilities)
    .map(([label, probability]) => ({ label, probability }))
    .sort((a, b) => b.probability - a.probability);
}

export function isAmbiguous({ ambiguity }: Pick<LiveFace, 'ambiguity'>): boolean {
  return ambiguity >= AMBIGUOUS;
}

/** "happiness 92 %"; if ambiguous "happiness 48 % / surprise 41 %"; if not to be trusted with a "?" before it. */
export function labelText(face: LiveFace): string {
  const labels = ranked(face.probabilities)
    .slice(0, isAmbiguous(face) ? 2 : 1)
    .map(({ label, probability }) => `${label} ${percent(probability)}`)
    .join(' / ');
  return face.trust === 'sure' ? labels : `? ${labels}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** "default · f560908": name and version of a model; of a hash the first seven digits. */
export function modelText({ name, version }: HelloMessage['model']): string {
  return `${name} · ${/^[0-9a-f]{16,}$/i.test(version) ? version.slice(0, 7) : version}`;
}
