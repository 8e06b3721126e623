import type { PixelImage } from '../image.js';
import { rotate, shearX, shearY, translate } from './affine.js';
import { brightness, colour, contrast, sharpness } from './enhance.js';
import type { Operation } from './operation.js';
import { autocontrast, equalise, posterise, solarise } from './tone.js';

/** How far the operations go at level 1: the ranges of AutoAugment's search space, which RandAugment took over. */
const FARTHEST = {
  degrees: 30,
  slope: 0.3,
  /** Of the width or height: 150 pixels of the 331 that the papers trained with. */
  move: 150 / 331,
  /** A factor of 0.1 or 1.9. */
  enhance: 0.9,
  /** Of eight. */
  bitsLost: 4,
};

type Apply = Operation['apply'];

/** The operations of Cubuk et al., "RandAugment", 2020, section 3, by name. */
export const OPERATIONS = {
  identity: alike((image) => image),
  autocontrast: alike(autocontrast),
  equalise: alike(equalise),
  rotate: bothWays((image, level) => rotate(image, FARTHEST.degrees * level)),
  // Above every value at level 0, so that this changes nothing, white included.
  solarise: oneWay((image, level) => solarise(image, 256 * (1 - level))),
  colour: { ...enhanceBy(colour), colourOnly: true },
  posterise: oneWay((image, level) => posterise(image, 8 - Math.round(FARTHEST.bitsLost * level))),
  contrast: enhanceBy(contrast),
  brightness: enhanceBy(brightness),
  sharpness: enhanceBy(sharpness),
  'shear-x': bothWays((image, level) => shearX(image, FARTHEST.slope * level)),
  'shear-y': bothWays((image, level) => shearY(image, FARTHEST.slope * level)),
  'translate-x': bothWays((image, level) => translate(image, FARTHEST.move * level * image.width, 0)),
  'translate-y': bothWays((image, level) => translate(image, 0, FARTHEST.move * level * image.height)),
} satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;

function bothWays(apply: Apply): Operation {
  return { apply, signed: true, colourOnly: false };
}

function oneWay(apply: Apply): Operation {
  return { apply, signed: false, colourOnly: false };
}

/** The same at every level. */
function alike(apply: (image: PixelImage) => PixelImage): Operation {
  return oneWay((image) => apply(image));
}

function enhanceBy(enhance: (image: PixelImage, factor: number) => PixelImage): Operation {
  return bothWays((image, level) => enhance(image, 1 + FARTHEST.enhance * level));
}
