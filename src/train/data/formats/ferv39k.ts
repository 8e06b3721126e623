import { join } from 'node:path';
import { clipMedia } from '../reading/folder-listing.js';
import type { Split } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { readLines } from '../read-csv.js';
import { canonicalLabel, FERV39K } from '../label-maps.js';

const SETUPS = ['4_setups/All_scenes', '4_setups/4_setups/All_scenes', 'All_scenes'];
const CLIPS = ['2_ClipsforFaceCrop'];
const LISTS: readonly { split: Split; name: string }[] = [
  { split: 'train', name: 'train_All.csv' },
  { split: 'test', name: 'test_All.csv' },
];

/** FERV39k, all scenes: Wang et al., CVPR 2022. Its ".csv" lists are "path Label" with a space and no header. */
export const ferv39k = defineReader(
  {
    ...{ name: 'ferv39k', title: 'FERV39k', labels: FERV39K },
    fits: async (folders, root) => (await folders.first(root, ['4_setups', ...CLIPS])) !== null,
  },
  async ({ root, folders, found, wants }) => {
    const places = await folders.requiredFolders(root, CLIPS);
    for (const { split, name } of LISTS.filter((list) => wants(list.split))) {
      const file = await folders.required(
        root,
        SETUPS.map((setup) => join(setup, name)),
      );
      for (const { line, text } of await readLines(file)) {
        // The label is the last word: folder names may hold spaces.
        const [, clip, word = ''] = /^(.+?)[\s,]+(\S+)$/.exec(text) ?? [];
        const label = canonicalLabel(word);
        if (clip === undefined || !FERV39K.has(label)) {
          found.unreadable({ file, line }, `"${text}" is not "Scene/Label/number Label"`);
          continue;
        }
        const media = await clipMedia(
          folders,
          places.map((place) => join(place, clip)),
        );
        if (media === null) found.missing({ file, line }, `no clip ${clip} in ${CLIPS[0]!}`);
        else found.clip({ ...media, id: clip, split, label });
      }
    }
  },
);
