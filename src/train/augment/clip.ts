import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';
import { checkInterval, drawFrom, randomFlip, inSequence } from './pixel.js';
import type { Interval, Augmentation, PixelImage } from './pixel.js';
import { colourOperation } from './rand-augment.js';
import { randomErasing } from './random-erasing.js';

export interface DrawFramesOptions {
  /** How many frames the network sees: T. */
  readonly count: number;
  /** The window's length over T, drawn for each clip: above 1 the clip runs faster than filmed. Default 0.6 to 1.4; `null` for always 1. */
  readonly scale?: Interval | null;
  /** Probability of dropping a frame, drawn for each clip. Default 0.2 to 0.4; `null` to drop none. */
  readonly skip?: Interval | null;
}

/** @param length frames of the recording, at least 1. @returns T indices of frames in 0 .. length-1 that never decrease */
export type FrameDraw = (length: number, random: SeededRandom) => number[];

/**
 * Which frames of a recording make a training clip, after V-NAW (arXiv 2503.15970): a window of round(T u) frames at a random place, u drawn from
 * `scale`; then frames dropped by chance; then what is left resampled to T by nearest.
 *
 * Dropping comes before resampling: the other way round a slow clip would hold most frames twice, and dropping one would leave its twin. The gaps are
 * closed by repeating kept frames, not by reading on behind the window, so that a clip spans the time that `scale` drew, and short
 * recordings are treated like long ones. One shorter than the window is taken whole and spread over T in the same way: repeating
 * only its last frame would give that frame most of the loss.
 *
 * Indices serve pixels and cached features alike: see `selectFrames`.
 * @throws FerError CONFIG_INVALID for a setting out of range, and a drawing for a recording without frames
 */
export function drawFrames({ count, scale = [0.6, 1.4], skip = [0.2, 0.4] }: DrawFramesOptions): FrameDraw {
  if (!Number.isInteger(count) || count < 1) {
    throw new FerError('CONFIG_INVALID', `augmentation: a clip of ${count} frames: give a whole number such as 32`);
  }
  if (scale !== null) checkInterval('temporal scale', scale, 0.01, 100);
  if (skip !== null) checkInterval('rate of skipped frames', skip, 0, 1);
  return (length, random) => {
    if (length < 1) throw new FerError('CONFIG_INVALID', 'augmentation: the clip has no frames: leave it out');
    const factor = scale === null ? 1 : drawFrom(scale, random.fork('scale'));
    const window = drawWindow(length, Math.max(1, Math.round(count * factor)), random.fork('window'));
    return resampleNearest(skip === null ? window : skipFrames(window, skip, random.fork('skip')), count);
  };
}

/** Consecutive indices at a random place; all of them if the window is longer. */
function drawWindow(length: number, size: number, random: SeededRandom): number[] {
  const start = random.int(Math.max(length - size, 0) + 1);
  return Array.from({ length: Math.min(size, length) }, (_, place) => start + place);
}

/**
 * Drops each item with the same chance, on its own, and keeps the rest in order: the frame skipping of V-NAW (arXiv 2503.15970). The chance is drawn
 * once, from `rate`. Where all would go, one drawn at random stays.
 * @param items at least one
 */
export function skipFrames<Item>(items: readonly Item[], rate: Interval, random: SeededRandom): Item[] {
  const chance = drawFrom(rate, random);
  const kept = items.filter(() => random.next() >= chance);
  return kept.length > 0 ? kept : [items[random.int(items.length)]!];
}

/**
 * `count` items, spread evenly over the list: each place takes the item nearest to it in time. A longer list loses items at regular distances, a
 * shorter one repeats them, each about equally often; one of the right length stays unchanged.
 * @param items at least one
 */
export function resampleNearest<Item>(items: readonly Item[], count: number): Item[] {
  // Place i of `count` has its middle at (i + 1/2) / count of the whole, which is within this item.
  return Array.from({ length: count }, (_, place) => items[Math.floor(((place + 0.5) * items.length) / count)]!);
}

/**
 * For each frame the nearest one that shows a face, itself where it does; of two equally near ones the earlier.
 * @returns indices that never decrease, or null where no frame shows a face
 */
export function nearestFaces(hasFace: readonly boolean[]): number[] | null {
  const shown = hasFace.flatMap((has, index) => (has ? [index] : []));
  if (shown.length === 0) return null;
  let at = 0;
  return hasFace.map((_, index) => {
    while (at + 1 < shown.length && Math.abs(shown[at + 1]! - index) < Math.abs(shown[at]! - index)) at += 1;
    return shown[at]!;
  });
}

/** Changes all frames of a clip and leaves those it was given unchanged. */
export type ClipAugmentation = (frames: readonly PixelImage[], random: SeededRandom) => PixelImage[];

/**
 * What was made for pictures, for clips: every frame sees the same draws, so the same region is erased, the same operation applied at the same
 * strength, all frames flipped or none. A change from one frame to the next would look like motion.
 * The frames must be of one shape, as the face crops of a recording are.
 */
export function sameInEveryFrame(augmentation: Augmentation): ClipAugmentation {
  return (frames, random) => frames.map((frame) => augmentation(frame, random.fork('every-frame')));
}

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
