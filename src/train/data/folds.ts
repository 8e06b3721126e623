import { FerError } from '../../errors/fer-error.js';
import type { Split } from './sample.js';

/** @throws FerError CONFIG_INVALID for a fold that the set does not have */
export function checkFold(name: string, fold: number, folds: number): number {
  if (Number.isInteger(fold) && fold >= 1 && fold <= folds) return fold;
  throw new FerError('CONFIG_INVALID', `${name}: fold ${fold} is not one of its ${folds}: give 1 to ${folds}`);
}

/**
 * For sets without an official division: subjects in order of their names are dealt out to `folds` hands, and the hand named by
 * `fold` (from 1) is the test split. Nobody is ever in two splits.
 */
export function splitBySubject(subjects: Iterable<string>, fold: number, folds: number): (subject: string) => Split {
  const order = [...new Set(subjects)].sort();
  const tested = new Set(order.filter((_, index) => index % folds === fold - 1));
  return (subject) => (tested.has(subject) ? 'test' : 'train');
}
