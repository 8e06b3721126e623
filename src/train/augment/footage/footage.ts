import { FerError } from '../../../errors/fer-error.js';
import type { Augmentation } from '../pixel.js';
import { addNoise, soften } from './sensor.js';
import { jpegBlocks } from './jpeg-blocks.js';
import { cover, relight, turnHead } from './scene.js';

/** How often each change happens, 0 to 1. */
export interface FootageOptions {
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
