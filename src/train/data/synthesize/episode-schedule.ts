import { drawFrom } from '../../augment/pixel.js';
import type { Interval } from '../../augment/pixel.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { Mix } from './dissolve-schedule.js';

/** Frames of rest, onset, apex and offset at 25 frames per second: an expression takes half a second to four seconds (Ekman and Friesen 1982). */
const REST: Interval = [6, 40];
const ONSET: Interval = [5, 16];
const APEX: Interval = [6, 48];
const OFFSET: Interval = [8, 28];
/** Share of the way to the expressive picture at the apex: many expressions stay slight. */
const STRENGTH: Interval = [0.55, 1];
/** From this share of the way on, a frame has the label of the expression: people name slight expressions, too. */
export const VISIBLE = 0.4;

/**
 * Rest, apex, rest, of one person, some episodes one after another; the clip is a window of it that begins anywhere, also in the middle of an
 * episode. Every episode shows another picture.
 * @returns for every frame which episode is seen and how far it has come: segment 0 is the resting face [frames]
 */
export function episodeSchedule(frames: number, random: SeededRandom): Mix[] {
  const shares: Mix[] = [];
  const put = (length: number, next: number, share: (at: number) => number): void => {
    for (let t = 0; t < length; t += 1) shares.push({ segment: 0, next, share: share((t + 0.5) / length) });
  };
  const draw = (interval: Interval): number => Math.round(drawFrom(interval, random));
  const skipped = random.int(REST[1] + ONSET[1] + APEX[0]);
  for (let episode = 1; shares.length < skipped + frames; episode += 1) {
    put(draw(REST), episode, () => 0);
    const strength = drawFrom(STRENGTH, random);
    put(draw(ONSET), episode, (at) => strength * ease(at));
    put(draw(APEX), episode, () => strength);
    put(draw(OFFSET), episode, (at) => strength * ease(1 - at));
  }
  return shares.slice(skipped, skipped + frames);
}

/** Slow, fast, slow. */
function ease(at: number): number {
  return at * at * (3 - 2 * at);
}
