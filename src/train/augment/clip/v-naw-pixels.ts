import { colourOperation } from '../colour-operation.js';
import { randomFlip } from '../flip.js';
import { inSequence } from '../in-sequence.js';
import { randomErasing } from '../random-erasing.js';
import type { ClipAugmentation } from './same-in-every-frame.js';
import { sameInEveryFrame } from './same-in-every-frame.js';

/** About a fifth of the pixels. */
const ERASED = 0.2;

/**
 * What V-NAW (arXiv 2503.15970) does to the pixels of a clip: one colour operation, a flip every other time, and one region of about a fifth of the
 * pixels erased, all of it alike in every frame.
 * @param options.flip how often a clip is flipped. Default 0.5.
 * @throws FerError CONFIG_INVALID for one outside 0..1
 */
export function vNawPixels({ flip = 0.5 }: { readonly flip?: number } = {}): ClipAugmentation {
  return sameInEveryFrame(
    inSequence({
      colour: colourOperation(),
      flip: randomFlip({ probability: flip }),
      erasing: randomErasing({ probability: 1, area: [ERASED, ERASED] }),
    }),
  );
}
