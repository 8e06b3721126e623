import type { Augmentation, PixelImage } from './pixel.js';
import { rotate, shearX, shearY, translate } from './affine.js';
import { autocontrast, brightness, colour, contrast, equalise, posterise, sharpness, solarise } from './tone.js';
import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';
import { checkRange } from './pixel.js';

/** One of the changes that RandAugment draws from, on a scale that all of them share. */
export interface Operation {
  /**
   * @param level 0 (nothing, for all but autocontrast and equalise) to 1 (as far as this operation goes); down to -1, the other way, where `signed`
   * @returns a new picture, or the one given where nothing changes
   */
  readonly apply: (image: PixelImage, level: number) => PixelImage;
  /** Has two directions, such as left and right. */
  readonly signed: boolean;
  /** Changes nothing in a picture of one channel. */
  readonly colourOnly: boolean;
}

/** Strength of the operations at level 1: the ranges of AutoAugment's search space, which RandAugment uses. */
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

export interface RandAugmentOptions {
  /** Number of operations per picture, each drawn independently. Default 2. */
  readonly operations?: number;
  /** How strong all of them are, out of `of`. Default 10. */
  readonly magnitude?: number;
  /** The magnitude at which an operation goes as far as it can. Default 30. */
  readonly of?: number;
}

const ALL: readonly Operation[] = Object.values(OPERATIONS);
/** A drawn operation that can do nothing would only make grey pictures change less than colour ones. */
const FOR_GREY = ALL.filter(({ colourOnly }) => !colourOnly);

/**
 * A few operations drawn at random, all of one strength: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search
 * space", 2020. Those with two directions take either equally often. The colour operation is not drawn for grey pictures.
 * @throws FerError CONFIG_INVALID for a setting out of range
 */
export function randAugment({ operations = 2, magnitude = 10, of = 30 }: RandAugmentOptions = {}): Augmentation {
  if (!Number.isInteger(operations) || operations < 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `augmentation: ${operations} is not a number of RandAugment operations: give a whole number such as 2`,
    );
  }
  checkRange('highest RandAugment magnitude', of, 1, 1000);
  checkRange('RandAugment magnitude', magnitude, 0, of);
  const level = magnitude / of;
  return (image, random) => {
    const among = image.channels === 3 ? ALL : FOR_GREY;
    let changed = image;
    for (let i = 0; i < operations; i += 1) {
      const operation = among[random.int(among.length)]!;
      changed = operation.apply(changed, drawSign(operation, random) * level);
    }
    return changed;
  };
}

/** Either way equally likely. Always takes one number, so that what is drawn next does not depend on whether this operation goes two ways. */
function drawSign({ signed }: Operation, random: SeededRandom): 1 | -1 {
  const negative = random.int(2) === 1;
  return signed && negative ? -1 : 1;
}

/** The operations that change how a picture is lit and toned, and leave every part of the face where it is. */
const COLOUR_OPERATIONS: readonly Operation[] = (
  ['autocontrast', 'brightness', 'colour', 'contrast', 'equalise', 'posterise', 'sharpness'] as const
).map((name) => OPERATIONS[name]);
const GREY_COLOUR_OPERATIONS = COLOUR_OPERATIONS.filter(({ colourOnly }) => !colourOnly);

/**
 * One of autocontrast, brightness, colour, contrast, equalise, posterise and sharpness, its strength drawn from 0 up to `strongest`. Within
 * `sameInEveryFrame` all frames of a clip get the same one, as V-NAW has it (arXiv 2503.15970).
 * @param options.strongest 0 to 1, on the scale of `Operation`; the default 0.5 changes brightness, say, by a factor of 0.55 to 1.45
 * @throws FerError CONFIG_INVALID for one outside 0..1
 */
export function colourOperation({ strongest = 0.5 }: { readonly strongest?: number } = {}): Augmentation {
  checkRange('strongest colour operation', strongest, 0, 1);
  return (image, random) => {
    const among = image.channels === 3 ? COLOUR_OPERATIONS : GREY_COLOUR_OPERATIONS;
    const operation = among[random.int(among.length)]!;
    return operation.apply(image, drawSign(operation, random) * strongest * random.next());
  };
}
