import type { Augmentation } from './image.js';
import { checkRange } from './image.js';
import { OPERATIONS } from './operations/table.js';
import type { Operation } from './operations/operation.js';
import { drawSign } from './rand-augment.js';

/** The operations that change how a picture is lit and toned, and leave every part of the face where it is. */
const { autocontrast, brightness, colour, contrast, equalise, posterise, sharpness } = OPERATIONS;
const ALL: readonly Operation[] = [autocontrast, brightness, colour, contrast, equalise, posterise, sharpness];
const FOR_GREY = ALL.filter(({ colourOnly }) => !colourOnly);

/**
 * One of autocontrast, brightness, colour, contrast, equalise, posterise and sharpness, its strength drawn from 0 up to `strongest`. Within
 * `sameInEveryFrame` all frames of a clip get the same one, as V-NAW has it (arXiv 2503.15970).
 * @param options.strongest 0 to 1, on the scale of `Operation`; the default 0.5 changes brightness, say, by a factor of 0.55 to 1.45
 * @throws FerError CONFIG_INVALID for one outside 0..1
 */
export function colourOperation({ strongest = 0.5 }: { readonly strongest?: number } = {}): Augmentation {
  checkRange('strongest colour operation', strongest, 0, 1);
  return (image, random) => {
    const among = image.channels === 3 ? ALL : FOR_GREY;
    const operation = among[random.int(among.length)]!;
    return operation.apply(image, drawSign(operation, random) * strongest * random.next());
  };
}
