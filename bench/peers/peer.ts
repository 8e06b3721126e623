import type { Frame } from '../../src/ingest/frame.js';

/** A tool for facial expressions, used as its own documentation uses it: a picture in, what it says of the largest face out. */
export interface Peer {
  readonly name: string;
  /** Labels in the order of the posteriors. */
  readonly labels: readonly string[];
  /** What its authors say it was trained on. */
  readonly trainedOn: string;
  /** Posteriors of the largest face, null where it finds none. [C] */
  answer(picture: Frame): Promise<Float32Array | null>;
}

/** The face that covers the most pixels. */
export function largest<T>(faces: readonly T[], area: (face: T) => number): T | null {
  return faces.reduce<T | null>((best, face) => (best === null || area(face) > area(best) ? face : best), null);
}
