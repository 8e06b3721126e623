import { resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { LabelSet } from '../../../model/label-set.js';
import type { DatasetReader, Split, Dataset, DatasetProblem, Sample } from '../sample.js';
import { readClassWords } from '../class-words.js';
import type { ClassWords } from '../class-words.js';
import { labelSetFor } from '../label-maps.js';
import { Folders } from './folder-listing.js';
import { checkFold } from '../splits.js';
import { splitsOf } from '../sample.js';

/** Input of a reader. */
export interface Reading {
  /** Absolute. */
  readonly root: string;
  /** From 1. */
  readonly fold: number;
  readonly folders: Folders;
  readonly found: Collector;
  readonly wants: (split: Split) => boolean;
  /** Translation of class words, for formats that take any; null without one. */
  readonly words: ClassWords | null;
}

export interface ReaderDescription {
  readonly name: string;
  readonly title: string;
  /** Null where the data decide. */
  readonly labels: LabelSet | null;
  /** Default: 0, one fixed division. */
  readonly folds?: number;
  /** Whether the data name their own classes, which `--labels` translates. Default: false */
  readonly ownClasses?: boolean;
  /** Whether a folder looks like this data set. */
  readonly fits: (folders: Folders, root: string) => Promise<boolean>;
}

/** A reader from what is particular to its format. @param collect returns the label set where the data decide, and it is not just the labels that occur */
export function defineReader(
  description: ReaderDescription,
  collect: (reading: Reading) => Promise<LabelSet> | Promise<void>,
): DatasetReader {
  const { name, title, labels, fits, folds = 0, ownClasses = false } = description;
  return {
    name,
    title,
    labels,
    folds,
    fits: (root) => fits(new Folders(), resolve(root)),
    async read(root, { split, fold, labels: labelFile } = {}) {
      if (fold !== undefined && folds === 0) {
        throw new FerError('CONFIG_INVALID', `${name}: ${title} has no folds: leave out fold ${fold}`);
      }
      const wants = (candidate: Split): boolean => split === undefined || candidate === split;
      if (labelFile !== undefined && !ownClasses)
        throw new FerError('CONFIG_INVALID', `${name}: the classes of ${title} are known: leave --labels out`);
      const found = new Collector(wants);
      const chosen = await collect({
        root: resolve(root),
        fold: folds === 0 ? 1 : checkFold(name, fold ?? 1, folds),
        folders: new Folders(),
        found,
        wants,
        words: labelFile === undefined ? null : await readClassWords(labelFile),
      });
      return found.dataset(name, chosen ?? labels);
    },
  };
}

/** A reader's data of a sample; the rest is null. */
export type SampleFields = Pick<Sample, 'id' | 'path' | 'split'> & Partial<Sample>;

/** Where in the data set something was said. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
}

/** Collects what a reader finds; samples of other splits are dropped. */
export class Collector {
  private readonly samples: Sample[] = [];
  private readonly problems: DatasetProblem[] = [];
  private readonly leftOut: Record<string, number> = {};
  private isUnsplit = false;
  private readonly occurring = new Set<string>();

  constructor(private readonly wants: (split: Split) => boolean = () => true) {}

  image(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'image' });
  }

  /** A video, or with `frames` a folder of pictures. */
  clip(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'clip' });
  }

  private add(sample: Sample): void {
    if (sample.label !== null) this.occurring.add(sample.label);
    if (this.wants(sample.split)) this.samples.push(sample);
  }

  missing({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'missing-file', file, line, message });
  }

  unreadable({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'unreadable-row', file, line, message });
  }

  /** A row that the data set's own rules leave out. */
  skip(reason: string, count = 1): void {
    this.leftOut[reason] = (this.leftOut[reason] ?? 0) + count;
  }

  /** The data set has no splits. */
  markUnsplit(): void {
    this.isUnsplit = true;
  }

  /** @param labels null to take those that occur in any split, in alphabetical order */
  dataset(name: string, labels: LabelSet | null): Dataset {
    const { samples, problems, leftOut, isUnsplit } = this;
    return {
      name,
      labels: labels ?? labelSetFor(name, [...this.occurring].sort()),
      splits: splitsOf(samples),
      samples,
      problems,
      leftOut,
      ...(isUnsplit && { unsplit: true }),
    };
  }
}

const EMPTY = {
  frames: null,
  label: null,
  frameLabels: null,
  softLabel: null,
  subject: null,
  startSeconds: null,
  endSeconds: null,
} as const;
