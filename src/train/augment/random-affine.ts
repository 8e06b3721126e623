import { checkRange } from './image.js';
import type { Augmentation } from './image.js';
import { checkInterval, drawFrom } from './interval.js';
import type { Interval } from './interval.js';
import { warp } from './operations/affine.js';

export interface RandomAffineOptions {
  /** Turned by up to so many degrees either way. Default 10. */
  readonly degrees?: number;
  /** Least and largest factor of the face's size. Default 0.9 to 1.1. */
  readonly scale?: Interval;
  /** Moved by up to this share of the side, across and down each. Default 0.05. */
  readonly move?: number;
}

/**
 * Turned, scaled and moved a little, all in one warp, so that a network bears the small differences between faces that were aligned in different ways. Bilinear;
 * what moves in repeats the edge (`warp` says why). Every value within the bounds is equally likely.
 * @throws FerError CONFIG_INVALID for a setting out of range
 */
export function randomAffine({
  degrees = 10,
  scale = [0.9, 1.1],
  move = 0.05,
}: RandomAffineOptions = {}): Augmentation {
  checkRange('degrees of rotation', degrees, 0, 180);
  checkInterval('scale', scale, 0.1, 10);
  checkRange('move', move, 0, 1);
  return (image, random) => {
    const angle = (drawFrom([-degrees, degrees], random) * Math.PI) / 180;
    // A face twice as large comes from half the way.
    const inverse = 1 / drawFrom(scale, random);
    const [right, down] = [
      drawFrom([-move, move], random) * image.width,
      drawFrom([-move, move], random) * image.height,
    ];
    const [cos, sin] = [inverse * Math.cos(angle), inverse * Math.sin(angle)];
    return warp(image, { xx: cos, xy: sin, yx: -sin, yy: cos, right, down });
  };
}
