import type { LabelledClip } from './labelled-clip.js';
import { selectFrames } from './labelled-clip.js';

/**
 * For each frame the nearest one that shows a face, itself where it does; of two equally near ones the earlier.
 * @returns indices that never decrease, or null where no frame shows a face
 */
export function nearestFaces(hasFace: readonly boolean[]): number[] | null {
  const shown = hasFace.flatMap((has, index) => (has ? [index] : []));
  if (shown.length === 0) return null;
  let at = 0;
  return hasFace.map((_, index) => {
    while (at + 1 < shown.length && Math.abs(shown[at + 1]! - index) < Math.abs(shown[at]! - index)) at += 1;
    return shown[at]!;
  });
}

/**
 * Frames without a face take the picture and the label of the nearest frame with one, as in V-NAW (arXiv 2503.15970).
 * @returns null for a clip without any face: nothing can be learned from it, skip it
 */
export function fillFaces<Frame>(clip: LabelledClip<Frame>): LabelledClip<Frame> | null {
  const nearest = nearestFaces(clip.hasFace);
  return nearest === null ? null : selectFrames(clip, nearest);
}
