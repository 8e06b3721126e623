import { join } from 'node:path';
import type { Folders } from '../reading/folder-listing.js';
import { clipMedia } from '../reading/folder-listing.js';
import type { Split } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { readCsv } from '../read-csv.js';
import { DFEW } from '../label-maps.js';

const PARTS: readonly { split: Split; folder: string }[] = [
  { split: 'train', folder: 'train(single-labeled)' },
  { split: 'test', folder: 'test(single-labeled)' },
];

/** Possible folders of a clip; the authors' face crops first, as in published figures. */
const CLIPS = ['Clip/clip_224x224_16f', 'Clip/clip_224x224', 'Clip/clip_224x224_avi', 'Clip/original'];

/** DFEW, single-labelled clips, five folds: Jiang et al., ACM MM 2020. The votes of annotation.xlsx are not read. */
export const dfew = defineReader(
  {
    ...{ name: 'dfew', title: 'DFEW', labels: DFEW.labels, folds: 5 },
    fits: async (folders, root) => (await folders.first(root, ['EmoLabel_DataSplit'])) !== null,
  },
  async ({ root, fold, folders, found, wants }) => {
    const places = await clipFolders(folders, root);
    for (const { split, folder } of PARTS.filter((part) => wants(part.split))) {
      const file = await folders.required(root, [join('EmoLabel_DataSplit', folder, `set_${fold}.csv`)]);
      for (const { line, cells } of await readCsv(file)) {
        const [name = '', code = ''] = cells;
        if (name === 'video_name') continue;
        const label = DFEW.codes.get(code);
        if (!/^\d+$/.test(name) || label === undefined || label === null) {
          found.unreadable({ file, line }, `"${cells.join(',')}" is not a clip number and a class from 1 to 7`);
          continue;
        }
        // Spreadsheets and the names of the original videos leave out leading zeros; the folders of crops keep five digits.
        const id = name.padStart(5, '0');
        const media = await clipMedia(
          folders,
          places.flatMap((place) => [join(place, id), join(place, String(Number(name)))]),
        );
        if (media === null) found.missing({ file, line }, `no clip ${id} in ${CLIPS.join(', ')}`);
        else found.clip({ ...media, id, split, label });
      }
    }
  },
);

/** The original videos come in parts, "part_1" to "part_11". */
async function clipFolders(folders: Folders, root: string): Promise<string[]> {
  const found: string[] = [];
  for (const place of await folders.requiredFolders(root, CLIPS)) {
    const parts = (await folders.subfolders(place)).filter((name) => /^part/i.test(name));
    found.push(place, ...parts.map((part) => join(place, part)));
  }
  return found;
}
