import type { ClipPlan } from './clip-plan.js';

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
