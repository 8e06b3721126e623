import { intersectionOverSmaller, intersectionOverUnion } from '../align/geometry.js';
import { type Detection, rollOf } from './detector.js';

/** A box with this share inside a better one shows part of the same face at another scale. */
const NESTED = 0.65;

/**
 * Merges detections of the same face: starting from the best, all that overlap it by more than `overlap` are averaged
 * with their scores as weights (the neighbouring anchors' votes steady the box); the score is the best one's. Boxes
 * nested in a better one are dropped.
 * @returns best first
 */
export function mergeOverlapping(detections: readonly Detection[], overlap: number): Detection[] {
  let rest = [...detections].sort((a, b) => b.score - a.score);
  const merged: Detection[] = [];
  while (rest.length > 0) {
    const best = rest[0]!;
    const group = rest.filter((other) => other === best || intersectionOverUnion(best.box, other.box) > overlap);
    rest = rest.filter((other) => !group.includes(other) && intersectionOverSmaller(best.box, other.box) < NESTED);
    merged.push(average(group, best.score));
  }
  return merged;
}

function average(group: readonly Detection[], score: number): Detection {
  const total = group.reduce((sum, { score: share }) => sum + share, 0);
  const mean = (value: (detection: Detection) => number): number =>
    group.reduce((sum, detection) => sum + value(detection) * detection.score, 0) / total;
  const first = group[0]!;
  const keypoints =
    first.keypoints?.map((_, i) => ({
      x: mean((detection) => detection.keypoints![i]!.x),
      y: mean((detection) => detection.keypoints![i]!.y),
    })) ?? null;
  return {
    score,
    box: {
      x: mean(({ box }) => box.x),
      y: mean(({ box }) => box.y),
      width: mean(({ box }) => box.width),
      height: mean(({ box }) => box.height),
    },
    keypoints,
    roll: keypoints === null ? first.roll : rollOf(keypoints, 0),
  };
}
