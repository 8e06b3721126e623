import type { ClipPlan } from './clip-plan.js';
import { symmetricNoise } from '../label-noise.js';
import type { SeededRandom } from '../../util/seeded-random.js';

/** Rows of a manifest (docs/datasets.md), one a clip. @param labels by clip and frame */
export function manifestText(plans: readonly ClipPlan[], labels: readonly (readonly string[])[]): string {
  return jsonLines(plans.map(({ path, split }, i) => ({ path, split, frameLabels: labels[i]! })));
}

/** How each clip was made. @param given the labels of the manifest, by clip and frame */
export function recipeText(plans: readonly ClipPlan[], given: readonly (readonly string[])[]): string {
  return jsonLines(
    plans.map(({ path, split, images, starts, clearness, trueLabels }, i) => ({
      path,
      split,
      segments: images.map(({ id, label }, k) => ({ start: starts[k]!, label, image: id })),
      clearness: clearness.map((share) => Math.round(share * 1e4) / 1e4),
      mislabelled: [...trueLabels.keys()].filter((t) => given[i]![t] !== trueLabels[t]),
    })),
  );
}

function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

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
