import { join } from 'node:path';
import { FERPLUS } from '../label-maps.js';
import { columns, readCsv } from '../read-csv.js';
import { defineReader } from '../reading/define-reader.js';
import type { SampleFields } from '../reading/define-reader.js';
import type { DatasetReader, Split } from '../sample.js';

/** Votes for a picture. */
export interface Verdict {
  /** Place of the class with most votes; of several, the first. */
  readonly index: number;
  /** How the votes that count fell on the classes; adds up to 1. */
  readonly shares: readonly number[];
  /** Whether that class has no majority. */
  readonly isContested: boolean;
}

/** Why a row has no verdict. */
export type NoVerdict = 'no majority' | 'majority for no expression';

/**
 * The strict reading of crowd votes: a single vote counts as a mistake and is dropped; a class wins with more than half of
 * the votes that remain, those for "unknown" and "not a face" included. `votes` holds the classes first, then those two.
 * @param contested also give verdicts where no class wins, but most votes are for classes
 */
export function strictMajority(
  votes: readonly number[],
  classes: number,
  { contested = false }: { readonly contested?: boolean } = {},
): Verdict | NoVerdict {
  const counted = votes.map((count) => (count > 1 ? count : 0));
  const total = sum(counted);
  const onClasses = counted.slice(0, classes);
  const shared = sum(onClasses);
  const winner = counted.findIndex((count) => count * 2 > total);
  if (winner >= classes) return 'majority for no expression';
  const isContested = winner < 0;
  if (isContested && !(contested && shared * 2 > total)) return 'no majority';
  return {
    index: isContested ? onClasses.indexOf(Math.max(...onClasses)) : winner,
    shares: onClasses.map((count) => count / shared),
    isContested,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const USAGES: ReadonlyMap<string, { split: Split; folder: string }> = new Map([
  ['training', { split: 'train', folder: 'FER2013Train' }],
  ['publictest', { split: 'valid', folder: 'FER2013Valid' }],
  ['privatetest', { split: 'test', folder: 'FER2013Test' }],
]);

/** The columns after "Usage" and "Image name". */
const VOTE_COLUMNS = [...FERPLUS.labels, 'unknown', 'nf'];

/**
 * FERPlus: Barsoum et al., "Training deep networks for facial expression recognition with crowd-sourced label distribution", 2016.
 * Labels by strict majority; the votes that count stay as soft labels.
 */
export const ferplus = votesReader('ferplus', 'FERPlus', false);

/** The same, and to be trained on the pictures that people did not agree about too, after all others: of copies, `deduplicate` keeps the first. Validation and test are the same. */
export const ferplusVotes = votesReader('ferplus-votes', 'FERPlus with contested training pictures', true);

function votesReader(name: string, title: string, withContested: boolean): DatasetReader {
  return defineReader(
    {
      name,
      title,
      labels: FERPLUS,
      fits: async (folders, root) =>
        !withContested &&
        (await folders.first(root, ['fer2013new.csv'])) !== null &&
        (await folders.first(root, ['data'])) !== null,
    },
    async ({ root, folders, found, wants }) => {
      const file = await folders.required(root, ['fer2013new.csv']);
      const [header, ...rows] = await readCsv(file);
      const column = columns(header);
      const places = VOTE_COLUMNS.map((vote, index) => column(vote) ?? index + 2);
      const contested: SampleFields[] = [];
      for (const { line, cells } of rows) {
        const usage = USAGES.get((cells[0] ?? '').toLowerCase());
        if (usage === undefined) {
          found.unreadable({ file, line }, `usage "${cells[0] ?? ''}" is none of Training, PublicTest, PrivateTest`);
          continue;
        }
        const { split, folder } = usage;
        if (!wants(split)) continue;
        const votes = places.map((place) =>
          cells[place] === undefined || cells[place] === '' ? NaN : Number(cells[place]),
        );
        if (!votes.every((vote) => Number.isInteger(vote) && vote >= 0)) {
          found.unreadable({ file, line }, `needs ${VOTE_COLUMNS.length} counts of votes after the image name`);
          continue;
        }
        const verdict = strictMajority(votes, FERPLUS.size, { contested: withContested && split === 'train' });
        if (typeof verdict === 'string') {
          found.skip(verdict);
          continue;
        }
        const image = cells[1] ?? '';
        const path =
          image === '' ? null : await folders.first(root, [join('data', folder, image), join(folder, image)]);
        if (path === null) {
          found.missing({ file, line }, `no image ${join('data', folder, image)}`);
          continue;
        }
        const sample = {
          id: `${folder}/${image}`,
          path,
          split,
          label: FERPLUS.labels[verdict.index]!,
          softLabel: verdict.shares,
        };
        if (verdict.isContested) contested.push({ ...sample, contested: true });
        else found.image(sample);
      }
      for (const sample of contested) found.image(sample);
    },
  );
}
