import { FerError } from '../../../errors/fer-error.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import { checkInterval } from '../interval.js';
import type { Interval } from '../interval.js';
import { drawFrom } from '../interval.js';
import { resampleNearest } from './resample.js';
import { skipFrames } from './skip-frames.js';

export interface DrawFramesOptions {
  /** How many frames the network sees: T. */
  readonly count: number;
  /** The window's length over T, drawn for each clip: above 1 the clip runs faster than filmed. Default 0.6 to 1.4; `null` for always 1. */
  readonly scale?: Interval | null;
  /** Chance of a frame to be dropped, drawn for each clip. Default 0.2 to 0.4; `null` to drop none. */
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
    if (length < 1)
      throw new FerError('CONFIG_INVALID', 'augmentation: a clip without frames was asked for frames: leave it out');
    const factor = scale === null ? 1 : drawFrom(scale, random.fork('scale'));
    const window = drawWindow(length, Math.max(1, Math.round(count * factor)), random.fork('window'));
    return resampleNearest(skip === null ? window : skipFrames(window, skip, random.fork('skip')), count);
  };
}

/** Consecutive indices, every place equally likely; all there are where the window is longer. */
function drawWindow(length: number, size: number, random: SeededRandom): number[] {
  const start = random.int(Math.max(length - size, 0) + 1);
  return Array.from({ length: Math.min(size, length) }, (_, place) => start + place);
}
