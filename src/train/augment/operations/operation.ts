import type { PixelImage } from '../image.js';

/** One of the changes that RandAugment draws from, on a scale that all of them share. */
export interface Operation {
  /**
   * @param level 0 (nothing, for all but autocontrast and equalise) to 1 (as far as this operation goes); down to -1, the other way, where `signed`
   * @returns a new picture, or the one given where nothing changes
   */
  readonly apply: (image: PixelImage, level: number) => PixelImage;
  /** There are two ways to go, such as left and right. */
  readonly signed: boolean;
  /** Changes nothing in a picture of one channel. */
  readonly colourOnly: boolean;
}
