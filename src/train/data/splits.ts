import { FerError } from '../../errors/fer-error.js';
import { groupBy } from '../util/arrays.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { Dataset, Sample, Split } from './sample.js';

/** The training split, divided; both parts in the order of the data set. */
export interface CarvedTraining {
  readonly training: readonly Sample[];
  readonly validation: readonly Sample[];
}

/**
 * Sets part of the TRAINING split aside for choosing epochs and settings, with the classes in the same shares. The official validation and test
 * splits are not touched: on sets that report on them, looking at them early would be looking at the answer.
 *
 * Where training samples name their subjects, whole subjects are set aside, as near to those shares as they allow; of samples without one, whole recordings, where
 * these give several samples each (stretches of a video). Else single samples are drawn, at least one of each class with two or more. Contested samples are not set aside,
 * and have no say in which others are. The same seed gives the same parts.
 *
 * @param fraction share of the training samples, between 0 and 1, both excluded
 * @throws FerError CONFIG_INVALID for a fraction out of range
 */
export function carveValidation(dataset: Dataset, fraction: number, seed: number): CarvedTraining {
  if (!(fraction > 0 && fraction < 1)) {
    throw new FerError(
      'CONFIG_INVALID',
      `validation fraction ${fraction} is not between 0 and 1: give the share of training samples to set aside, such as 0.1`,
    );
  }
  const all = dataset.samples.filter(({ split }) => split === 'train');
  const rows = all.filter(({ contested }) => contested !== true);
  const random = new SeededRandom(seed).fork('carve validation');
  const namesSubjects = rows.every(({ subject }) => subject !== null);
  const groups = groupBy(rows, (row) =>
    row.subject === null ? `recording ${recordingOf(row)}` : `subject ${row.subject}`,
  );
  const isGrouped = groups.size > 1 && (namesSubjects || groups.size < rows.length);
  const chosen = isGrouped
    ? wholeGroups([...groups.values()], rows, fraction, random)
    : singleSamples(rows, fraction, random);
  return { training: all.filter((row) => !chosen.has(row)), validation: rows.filter((row) => chosen.has(row)) };
}

function singleSamples(rows: readonly Sample[], fraction: number, random: SeededRandom): ReadonlySet<Sample> {
  const chosen = new Set<Sample>();
  for (const [label, members] of groupBy(rows, classOf)) {
    const wanted =
      members.length < 2 ? 0 : Math.min(members.length - 1, Math.max(1, Math.round(members.length * fraction)));
    // A class's draw does not depend on which other classes there are.
    for (const sample of random.fork(label).shuffle(members).slice(0, wanted)) chosen.add(sample);
  }
  return chosen;
}

/** Samples of one recording are too alike to be in both parts: stretches of a video share its file, and after preparing its content. */
function recordingOf({ path, content }: Sample): string {
  return content?.split('@')[0] ?? path;
}

/** Takes groups in random order as long as each brings the counts nearer to what is wanted of every class. */
function wholeGroups(
  groups: readonly (readonly Sample[])[],
  rows: readonly Sample[],
  fraction: number,
  random: SeededRandom,
): ReadonlySet<Sample> {
  const missing = new Map([...groupBy(rows, classOf)].map(([label, members]) => [label, members.length * fraction]));
  const shuffled = random.shuffle(groups);
  // By how much the squared distance from the wanted counts falls.
  const gain = (members: readonly Sample[]): number =>
    [...groupBy(members, classOf)].reduce(
      (sum, [label, { length }]) => sum + length * (2 * missing.get(label)! - length),
      0,
    );
  const taken: (readonly Sample[])[] = [];
  for (const members of shuffled) {
    if (gain(members) <= 0) continue;
    taken.push(members);
    for (const sample of members) missing.set(classOf(sample), missing.get(classOf(sample))! - 1);
  }
  // All of them larger than the part wanted: the nearest one.
  if (taken.length === 0) taken.push(shuffled.reduce((best, members) => (gain(members) > gain(best) ? members : best)));
  return new Set(taken.flat());
}

/** Class of a sample for stratification; of a clip labelled by frame its most frequent label. */
function classOf({ label, frameLabels }: Sample): string {
  if (label !== null || frameLabels === null) return label ?? '';
  const counts = [
    ...groupBy(
      frameLabels.filter((frame) => frame !== null),
      (frame) => frame,
    ),
  ];
  return counts.reduce<[string, number]>(
    (best, [frame, { length }]) => (length > best[1] ? [frame, length] : best),
    ['', 0],
  )[0];
}

/** @throws FerError CONFIG_INVALID for a fold that the set does not have */
export function checkFold(name: string, fold: number, folds: number): number {
  if (Number.isInteger(fold) && fold >= 1 && fold <= folds) return fold;
  throw new FerError('CONFIG_INVALID', `${name}: fold ${fold} is not one of its ${folds}: give 1 to ${folds}`);
}

/**
 * For sets without an official division: subjects in order of their names are assigned to `folds` folds in turn, and the one named by
 * `fold` (from 1) is the test split. No subject is in two splits.
 */
export function splitBySubject(subjects: Iterable<string>, fold: number, folds: number): (subject: string) => Split {
  const order = [...new Set(subjects)].sort();
  const tested = new Set(order.filter((_, index) => index % folds === fold - 1));
  return (subject) => (tested.has(subject) ? 'test' : 'train');
}
