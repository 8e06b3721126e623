import { join } from 'node:path';
import type { SampleFields } from '../reading/define-reader.js';
import type { DatasetReader, Split } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { columns, readCsv } from '../read-csv.js';
import { FERPLUS } from '../label-maps.js';
import { strictMajority } from '../reading/strict-majority.js';

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
        const path = join(root, 'data', folder, image);
        if (image === '' || !(await folders.hasFile(path))) {
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
