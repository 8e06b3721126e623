import { resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { LabelSet } from '../../../model/label-set.js';
import type { DatasetReader, Split, Dataset, DatasetProblem, Sample } from '../sample.js';
import { Folders } from './folders.js';
import { checkFold } from '../splits.js';
import { SPLITS } from '../sample.js';

/** What a reader is given to work with. */
export interface Reading {
  /** Absolute. */
  readonly root: string;
  /** From 1. */
  readonly fold: number;
  readonly folders: Folders;
  readonly found: Collector;
  readonly wants: (split: Split) => boolean;
}

export interface ReaderDescription {
  readonly name: string;
  readonly title: string;
  readonly labels: LabelSet;
  /** Default: 0, one fixed division. */
  readonly folds?: number;
}

/** A reader from what is particular to its format. */
export function defineReader(
  description: ReaderDescription,
  collect: (reading: Reading) => Promise<void>,
): DatasetReader {
  const { name, title, labels, folds = 0 } = description;
  return {
    name,
    title,
    labels,
    folds,
    async read(root, { split, fold } = {}) {
      if (fold !== undefined && folds === 0) {
        throw new FerError(
          'CONFIG_INVALID',
          `${name}: fold ${fold} was asked for, but ${title} has one fixed division: leave the fold out`,
        );
      }
      const wants = (candidate: Split): boolean => split === undefined || candidate === split;
      const found = new Collector(wants);
      await collect({
        root: resolve(root),
        fold: folds === 0 ? 1 : checkFold(name, fold ?? 1, folds),
        folders: new Folders(),
        found,
        wants,
      });
      return found.dataset(name, labels);
    },
  };
}

/** What a reader knows of a sample; the rest is null. */
export type SampleFields = Pick<Sample, 'id' | 'path' | 'split'> & Partial<Sample>;

/** Where in the data set something was said. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
}

/** Gathers what a reader finds; samples of splits nobody asked for are let go. */
export class Collector {
  private readonly samples: Sample[] = [];
  private readonly problems: DatasetProblem[] = [];
  private readonly leftOut: Record<string, number> = {};

  constructor(private readonly wants: (split: Split) => boolean = () => true) {}

  image(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'image' });
  }

  /** A video, or with `frames` a folder of pictures. */
  clip(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'clip' });
  }

  private add(sample: Sample): void {
    if (this.wants(sample.split)) this.samples.push(sample);
  }

  missing({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'missing-file', file, line, message });
  }

  unreadable({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'unreadable-row', file, line, message });
  }

  /** A row that the data set's own rules leave out. */
  skip(reason: string): void {
    this.leftOut[reason] = (this.leftOut[reason] ?? 0) + 1;
  }

  dataset(name: string, labels: LabelSet): Dataset {
    const splits = SPLITS.filter((split) => this.samples.some((sample) => sample.split === split));
    return { name, labels, splits, samples: this.samples, problems: this.problems, leftOut: this.leftOut };
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
