import type { SeededRandom } from '../../util/seeded-random.js';
import type { Sample } from '../sample.js';

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
