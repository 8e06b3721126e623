import { FerError } from '../../../errors/fer-error.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import { displace } from '../affine.js';
import { blankLike, clamp, drawFrom } from '../pixel.js';
import type { Augmentation, PixelImage } from '../pixel.js';
import { addNoise, jpegBlocks, soften } from './sensor.js';

/**
 * A turned head, as a warp of the picture: what is near the middle of a face stands out of it and moves further than its rim,
 * x' = x + yaw (1 - x^2)(1 - y^2 / 2), and likewise for pitch; the side that turns away shrinks. Up to about 25 degrees.
 */
export function turnHead(image: PixelImage, random: SeededRandom): PixelImage {
  const [yaw, pitch] = [drawFrom([-0.2, 0.2], random), drawFrom([-0.15, 0.15], random)];
  const { height, width } = image;
  const way = { right: new Float32Array(height * width), down: new Float32Array(height * width) };
  const [halfX, halfY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0, i = 0; y < height; y += 1) {
    const v = (y - halfY) / halfY;
    for (let x = 0; x < width; x += 1, i += 1) {
      const u = (x - halfX) / halfX;
      way.right[i] = halfX * yaw * (1 - u * u) * (1 - 0.5 * v * v);
      way.down[i] = halfY * pitch * (1 - v * v) * (1 - 0.5 * u * u);
    }
  }
  return displace(image, way);
}

/** Light from a side (a ramp in stops), another gamma, more or less contrast, and what is too bright or too dark clipped. */
export function relight(image: PixelImage, random: SeededRandom): PixelImage {
  const { data, height, width, channels } = image;
  const angle = 2 * Math.PI * random.next();
  const strength = random.next() < 0.5 ? drawFrom([0, 1], random) : 0;
  const [right, down] = [(strength * Math.cos(angle) * 2) / width, (strength * Math.sin(angle) * 2) / height];
  const gamma = Math.exp(drawFrom([-0.6, 0.6], random));
  const gain = Math.exp(drawFrom([-0.5, 0.5], random));
  const lift = drawFrom([-30, 30], random);
  const lit = blankLike(image);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = Math.exp(right * (x - width / 2) + down * (y - height / 2));
      for (let c = 0; c < channels; c += 1, at += 1) {
        const value = clamp(data[at]! * light, 255) / 255;
        lit.data[at] = clamp((255 * value ** gamma - 128) * gain + 128 + lift, 255);
      }
    }
  }
  return lit;
}

/** A mask, dark glasses, a hand or hair: a patch of one shade, with some texture, over a part of the face. */
export function cover(image: PixelImage, random: SeededRandom): PixelImage {
  const { height, width, channels } = image;
  const covered = { ...image, data: image.data.slice() };
  const kind = random.int(4);
  const shade = drawFrom([0, 255], random);
  const texture = drawFrom([0, 25], random);
  const tilt = drawFrom([-0.15, 0.15], random);
  const side = random.next() < 0.5 ? 0 : 1;
  const [a, b] = [random.next(), random.next()];
  const inside = (u: number, v: number): boolean => {
    const t = v + tilt * (u - 0.5);
    switch (kind) {
      case 0: // Mask: from the nose down.
        return t > 0.58 + 0.12 * a && Math.abs(u - 0.5) < 0.42;
      case 1: // Glasses: two discs at the eyes.
        return Math.hypot(Math.abs(u - 0.5) - 0.19, (t - 0.375) * 1.2) < 0.1 + 0.06 * a;
      case 2: // A hand or a microphone: an ellipse from below or from a side.
        return Math.hypot((u - (side + (0.5 - side) * 1.2 * a)) / (0.15 + 0.12 * b), (t - (0.7 + 0.3 * b)) / 0.3) < 1;
      default: // Hair or a shadow: one side of the picture.
        return side === 0 ? u < 0.08 + 0.22 * a + 0.1 * (1 - v) * b : u > 0.92 - 0.22 * a - 0.1 * (1 - v) * b;
    }
  };
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += channels) {
      if (!inside((x + 0.5) / width, (y + 0.5) / height)) continue;
      for (let c = 0; c < channels; c += 1)
        covered.data[at + c] = clamp(shade + texture * (2 * random.next() - 1), 255);
    }
  }
  return covered;
}

/** How often each change happens, 0 to 1. */
interface FootageOptions {
  readonly pose: number;
  readonly light: number;
  readonly blur: number;
  readonly noise: number;
  readonly blocks: number;
  readonly cover: number;
}

/**
 * What a camera, a codec and a scene do to a face, in the order in which they do it: the head turns, light falls from a side, something covers a part, the
 * picture is small, out of focus or moving, the sensor adds noise, and the codec cuts it into blocks.
 * @throws FerError CONFIG_INVALID for a probability outside 0..1
 */
export function footage(options: FootageOptions): Augmentation {
  for (const [name, p] of Object.entries(options)) {
    if (!(p >= 0 && p <= 1)) throw new FerError('CONFIG_INVALID', `augmentation: footage.${name} is ${p}: give 0 to 1`);
  }
  const steps: readonly (readonly [keyof FootageOptions, Augmentation])[] = [
    ['pose', turnHead],
    ['light', relight],
    ['cover', cover],
    ['blur', soften],
    ['noise', addNoise],
    ['blocks', jpegBlocks],
  ];
  return (image, random) =>
    steps.reduce((changed, [name, step]) => {
      const own = random.fork(name);
      return own.next() < options[name] ? step(changed, own) : changed;
    }, image);
}
