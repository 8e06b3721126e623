import { FerError } from '../../../errors/fer-error.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import { symmetricNoise } from '../label-noise.js';
import type { Sample, Split } from '../sample.js';
import { dissolveSchedule, mainSegment, mainShare, mixes } from './dissolve-schedule.js';
import type { Mix } from './dissolve-schedule.js';
import { facePath } from './face-path.js';
import type { FacePose } from './face-path.js';

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
 * Wrong labels on round(rate N) of all N frames of the clips, each drawn independently: wrong frames may be neighbours only by chance.
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

/** All that a clip is made of, before a pixel is drawn. */
export interface ClipPlan {
  readonly split: Split;
  /** Folder of its frames, relative to the data set, with "/" on every system. */
  readonly path: string;
  /** The still images, one a segment. */
  readonly images: readonly Sample[];
  /** Candidates for the resting face, of which the most similar one is chosen; none where it is known. */
  readonly resting: readonly Sample[];
  /** First frame of each segment; -1 for one that is not seen. */
  readonly starts: readonly number[];
  /** [frames] */
  readonly mixes: readonly Mix[];
  /** [frames] */
  readonly poses: readonly FacePose[];
  /** Label of the image with the larger share. [frames] */
  readonly trueLabels: readonly string[];
  /** That larger share, above 0.5. [frames] */
  readonly clearness: readonly number[];
}

/** Plans `count` clips of `frames` frames for a split from its images. */
export type PlanClips = (
  split: Split,
  count: number,
  frames: number,
  images: readonly Sample[],
  random: SeededRandom,
  balance?: number,
) => ClipPlan[];

/**
 * Plans clips of one split. Every segment's class is drawn from the classes that have images, other than the one before; its image is drawn from
 * that class. The plan of a clip depends on `random` and its number, not on how many clips there are.
 * @param balance 1: every class equally likely; 0: each as often as it has images; between them, as (number of images)^(1 - balance)
 * @throws FerError CONFIG_INVALID when the images are of fewer than two classes, or the frames too few
 */
export const planClips: PlanClips = (split, count, frames, images, random, balance = 1) => {
  if (count === 0) return [];
  const dealer = new ImageDealer(images, random.fork('images'));
  const { labels } = dealer;
  if (labels.length < 2) {
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: the images for the ${split} clips are of ${labels.length === 1 ? `one class (${labels[0]!})` : 'no class'}, but a dissolve needs two: give 0 ${split} clips, or use another data set`,
    );
  }
  // Drawn evenly without weights, so that a seed keeps giving the same clips.
  const weights = balance === 1 ? null : labels.map((label) => dealer.count(label) ** (1 - balance));
  return Array.from({ length: count }, (_, index) => {
    const own = random.fork(`clip ${index}`);
    const schedule = dissolveSchedule(frames, own.fork('schedule'));
    const chosen = segmentClasses(labels.length, weights, schedule.starts.length, own.fork('labels')).map((index) =>
      dealer.deal(labels[index]!),
    );
    const shown = mixes(schedule);
    return {
      split,
      path: `${split}/${String(index + 1).padStart(4, '0')}`,
      images: chosen,
      resting: [],
      starts: schedule.starts,
      mixes: shown,
      poses: facePath(frames, own.fork('path')),
      trueLabels: shown.map((mix) => chosen[mainSegment(mix)]!.label!),
      clearness: shown.map(mainShare),
    };
  });
};

/** Classes by index, each likely by its weight, never one twice in a row; null: all alike. */
function segmentClasses(
  classes: number,
  weights: readonly number[] | null,
  count: number,
  random: SeededRandom,
): number[] {
  const chosen: number[] = [];
  for (let k = 0; k < count; k += 1) {
    const before = chosen[k - 1] ?? null;
    chosen.push(weights === null ? drawEvenly(classes, before, random) : drawByWeight(weights, before, random));
  }
  return chosen;
}

function drawEvenly(classes: number, before: number | null, random: SeededRandom): number {
  return before === null ? random.int(classes) : (before + 1 + random.int(classes - 1)) % classes;
}

export function drawByWeight(weights: readonly number[], before: number | null, random: SeededRandom): number {
  const others = [...weights.keys()].filter((index) => index !== before);
  let left = random.next() * others.reduce((sum, index) => sum + weights[index]!, 0);
  return others.find((index) => (left -= weights[index]!) < 0) ?? others.at(-1)!;
}

interface Stack {
  readonly samples: readonly Sample[];
  readonly random: SeededRandom;
  left: Sample[];
}

/** Hands out images of a class in random order; none comes again before all of its class have had their turn. */
export class ImageDealer {
  private readonly stacks = new Map<string, Stack>();

  /** @param images each with a label */
  constructor(images: readonly Sample[], random: SeededRandom) {
    for (const label of new Set(images.map((image) => image.label!))) {
      // A class's order does not depend on which other classes there are.
      this.stacks.set(label, {
        samples: images.filter((image) => image.label === label),
        random: random.fork(label),
        left: [],
      });
    }
  }

  /** The classes that have images, in alphabetical order. */
  get labels(): readonly string[] {
    return [...this.stacks.keys()].sort();
  }

  /** How many images of a class there are. @param label one of `labels` */
  count(label: string): number {
    return this.stacks.get(label)!.samples.length;
  }

  /** @param label one of `labels` */
  deal(label: string): Sample {
    const stack = this.stacks.get(label)!;
    if (stack.left.length === 0) stack.left = stack.random.shuffle(stack.samples);
    return stack.left.pop()!;
  }
}
