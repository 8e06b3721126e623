import type { ClipContext } from '../expression-model.js';

/** Frames at a time for a temporal network that does not say what it was trained on: about a second. */
export const DEFAULT_CLIP_FRAMES = 32;

/**
 * The clip window of a temporal network: it sees as many observations at a time as it was trained on and classifies half of them, with the other
 * half as context before and after; all of it before for a network that sees no later frames.
 */
export function clipContext(clipFrames: number, causal: boolean): ClipContext {
  const hop = Math.ceil(clipFrames / 2);
  const rest = clipFrames - hop;
  const past = causal ? rest : Math.floor(rest / 2);
  return { past, future: rest - past, hop };
}
