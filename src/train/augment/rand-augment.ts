import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';
import type { Augmentation } from './image.js';
import { checkRange } from './image.js';
import type { Operation } from './operations/operation.js';
import { OPERATIONS } from './operations/table.js';

export interface RandAugmentOptions {
  /** How many operations a picture goes through, each drawn anew. Default 2. */
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
 * space", 2020. Those that go two ways go either way equally often. Pictures of one channel leave the colour operation out of the draw.
 * @throws FerError CONFIG_INVALID for a setting out of range
 */
export function randAugment({ operations = 2, magnitude = 10, of = 30 }: RandAugmentOptions = {}): Augmentation {
  if (!Number.isInteger(operations) || operations < 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `augmentation: ${operations} is no number of RandAugment operations: give a whole number such as 2`,
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
export function drawSign({ signed }: Operation, random: SeededRandom): 1 | -1 {
  const negative = random.int(2) === 1;
  return signed && negative ? -1 : 1;
}
