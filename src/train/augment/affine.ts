import { blankLike, checkInterval, checkRange, clamp, drawFrom } from './pixel.js';
import type { Augmentation, Interval, PixelImage } from './pixel.js';

/** For every pixel: where it comes from, as an offset in pixels. Both [height, width], row by row. */
export interface Displacement {
  readonly right: Float32Array;
  readonly down: Float32Array;
}

/** The picture with every pixel taken from (x + share * right, y + share * down). Bilinear; beyond the picture its edge is repeated. */
export function displace(image: PixelImage, { right, down }: Displacement, share = 1): PixelImage {
  const { height, width, channels } = image;
  const moved = blankLike(image);
  const [lastX, lastY] = [width - 1, height - 1];
  let target = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const fromX = clamp(x + share * right[i]!, lastX);
      const fromY = clamp(y + share * down[i]!, lastY);
      bilinear(image, fromX, fromY, moved.data, target);
      target += channels;
    }
  }
  return moved;
}

/**
 * Where a pixel of the new picture comes from, as offsets from the centre of the picture, in pixels:
 * x' = xx x + xy y + right, y' = yx x + yy y + down.
 */
export interface Origin {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly right: number;
  readonly down: number;
}

const STILL: Origin = { xx: 1, xy: 0, yx: 0, yy: 1, right: 0, down: 0 };

/** Turned about the centre, clockwise for a positive number of degrees. */
export function rotate(image: PixelImage, degrees: number): PixelImage {
  if (degrees === 0) return image;
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return warp(image, { ...STILL, xx: cos, xy: sin, yx: -sin, yy: cos });
}

/** Each row moved to the right by `slope` times its depth below the centre. */
export function shearX(image: PixelImage, slope: number): PixelImage {
  return slope === 0 ? image : warp(image, { ...STILL, xy: -slope });
}

/** Each column moved down by `slope` times its distance to the right of the centre. */
export function shearY(image: PixelImage, slope: number): PixelImage {
  return slope === 0 ? image : warp(image, { ...STILL, yx: -slope });
}

/** Moved by pixels, also by parts of one: right and down for positive numbers. */
export function translate(image: PixelImage, right: number, down: number): PixelImage {
  return right === 0 && down === 0 ? image : warp(image, { ...STILL, right: -right, down: -down });
}

/**
 * Bilinear. What moves in repeats the edge, as in `shift`: face crops are cut with a margin, so the edge is background and continues, while a grey or
 * black wedge would tell a network by how much a picture was turned.
 */
export function warp(image: PixelImage, { xx, xy, yx, yy, right, down }: Origin): PixelImage {
  const { height, width, channels } = image;
  const warped = blankLike(image);
  const result = warped.data;
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const [lastX, lastY] = [width - 1, height - 1];
  let target = 0;
  for (let y = 0; y < height; y += 1) {
    const rowX = centreX + right + xy * (y - centreY);
    const rowY = centreY + down + yy * (y - centreY);
    for (let x = 0; x < width; x += 1) {
      let fromX = rowX + xx * (x - centreX);
      let fromY = rowY + yx * (x - centreX);
      fromX = fromX < 0 ? 0 : fromX > lastX ? lastX : fromX;
      fromY = fromY < 0 ? 0 : fromY > lastY ? lastY : fromY;
      bilinear(image, fromX, fromY, result, target);
      target += channels;
    }
  }
  return warped;
}

/** Writes the pixel at (x, y), which is within the picture, to `target`, mixed from its four neighbours. */
function bilinear(
  { data, height, width, channels }: PixelImage,
  x: number,
  y: number,
  result: Float32Array,
  target: number,
): void {
  // Both are at least 0: cutting the fraction off rounds down, and is faster than Math.floor.
  const [left, top] = [x | 0, y | 0];
  const [shareX, shareY] = [x - left, y - top];
  const topLeft = (top * width + left) * channels;
  const next = left < width - 1 ? channels : 0;
  const below = top < height - 1 ? width * channels : 0;
  for (let channel = 0; channel < channels; channel += 1) {
    const a = data[topLeft + channel]!;
    const b = data[topLeft + next + channel]!;
    const c = data[topLeft + below + channel]!;
    const d = data[topLeft + below + next + channel]!;
    const upper = a + (b - a) * shareX;
    const lower = c + (d - c) * shareX;
    result[target + channel] = upper + (lower - upper) * shareY;
  }
}

export interface RandomAffineOptions {
  /** Largest rotation in degrees, either way. Default 10. */
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
