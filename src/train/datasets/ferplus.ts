import { join } from 'node:path';
import type { Split } from './dataset.js';
import { defineReader } from './define-reader.js';
import { columns, readCsv } from './index-file.js';
import { FERPLUS } from './label-maps.js';
import { strictMajority } from './strict-majority.js';

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
export const ferplus = defineReader({ name: 'ferplus', title: 'FERPlus', labels: FERPLUS }, async ({ root, folders, found, wants }) => {
  const file = await folders.required(root, ['fer2013new.csv']);
  const [header, ...rows] = await readCsv(file);
  const column = columns(header);
  const places = VOTE_COLUMNS.map((name, index) => column(name) ?? index + 2);
  for (const { line, cells } of rows) {
    const usage = USAGES.get((cells[0] ?? '').toLowerCase());
    if (usage === undefined) {
      found.unreadable({ file, line }, `usage "${cells[0] ?? ''}" is none of Training, PublicTest, PrivateTest`);
      continue;
    }
    const { split, folder } = usage;
    if (!wants(split)) continue;
    const votes = places.map((place) => (cells[place] === undefined || cells[place] === '' ? NaN : Number(cells[place])));
    if (!votes.every((vote) => Number.isInteger(vote) && vote >= 0)) {
      found.unreadable({ file, line }, `needs ${VOTE_COLUMNS.length} counts of votes after the image name`);
      continue;
    }
    const majority = strictMajority(votes, FERPLUS.size);
    if (typeof majority === 'string') {
      found.skip(majority);
      continue;
    }
    const name = cells[1] ?? '';
    const path = join(root, 'data', folder, name);
    if (name === '' || !(await folders.hasFile(path))) {
      found.missing({ file, line }, `no image ${join('data', folder, name)}`);
      continue;
    }
    found.image({ id: `${folder}/${name}`, path, split, label: FERPLUS.labels[majority.index]!, softLabel: majority.shares });
  }
});
