import type { SeededRandom } from '../../util/seeded-random.js';
import type { Augmentation, PixelImage } from '../image.js';

/** Changes all frames of a clip and leaves those it was given as they are. */
export type ClipAugmentation = (frames: readonly PixelImage[], random: SeededRandom) => PixelImage[];

/**
 * What was made for pictures, for clips: every frame sees the same draws, so the same region is erased, the same operation applied at the same
 * strength, all frames flipped or none. A change from one frame to the next would look like motion.
 * The frames must be of one shape, as the face crops of a recording are.
 */
export function sameInEveryFrame(augmentation: Augmentation): ClipAugmentation {
  return (frames, random) => frames.map((frame) => augmentation(frame, random.fork('every-frame')));
}
