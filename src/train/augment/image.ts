import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';

/** A picture to train on. */
export interface PixelImage {
  /** [height, width, channels], row by row, each value in 0..255. */
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Changes a picture by chance and leaves the one it was given as it is. All chance comes from `random`: the same fork of it gives the same
 * change, so a clip is changed alike in all its frames by `frames.map((frame) => augmentation(frame, random.fork('clip')))`.
 */
export type Augmentation = (image: PixelImage, random: SeededRandom) => PixelImage;

/** A picture of the same shape with nothing in it yet. */
export function blankLike({ data, height, width, channels }: PixelImage): PixelImage {
  return { data: new Float32Array(data.length), height, width, channels };
}

/** @throws FerError CONFIG_INVALID unless `value` lies in low..high */
export function checkRange(name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new FerError('CONFIG_INVALID', `augmentation: ${name} ${value} is out of range: give ${low} to ${high}`);
}
