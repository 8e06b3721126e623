import { resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { LabelSet } from '../../../model/label-set.js';
import { Collector } from './collector.js';
import type { DatasetReader, Split } from '../sample.js';
import { Folders } from './folders.js';
import { checkFold } from '../folds.js';

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
