import { symmetricNoise } from '../label-noise.js';
import type { SeededRandom } from '../../util/seeded-random.js';

/**
 * Wrong labels on round(rate N) of all N frames of the clips, each drawn on its own, wherever it lies: wrong frames do not come in runs, but may touch by chance.
 * The wrong label is drawn evenly from the other classes.
 * @param clips labels by clip and frame
 * @returns as given, with those labels changed
 * @throws FerError CONFIG_INVALID for a rate outside 0..1
 */
export function frameNoise(
  clips: readonly (readonly string[])[],
  classes: readonly string[],
  rate: number,
  random: SeededRandom,
): string[][] {
  const flat = clips.flatMap((labels) => labels.map((label) => classes.indexOf(label)));
  const noisy = symmetricNoise(flat, classes.length, rate, random).labels;
  let at = 0;
  return clips.map((labels) => labels.map(() => classes[noisy[at++]!]!));
}
