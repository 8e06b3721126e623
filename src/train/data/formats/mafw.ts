import { join } from 'node:path';
import { clipMedia, clipName } from '../reading/folder-listing.js';
import type { Split } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { readLines } from '../read-csv.js';
import { canonicalLabel, MAFW } from '../label-maps.js';

/** Possible folders of the five folds; the first is that of the published set. */
const SETS = [
  'Train & Test Set/single/no_caption',
  'single/no_caption',
  'label/single/no_caption',
  'anno/single/no_caption',
];
const CLIPS = ['data/frames', 'data/clips', 'frames', 'clips'];
const SPLITS: readonly Split[] = ['train', 'test'];

/** MAFW, one of eleven classes a clip, five folds: Liu et al., ACM MM 2022. */
export const mafw = defineReader(
  {
    ...{ name: 'mafw', title: 'MAFW', labels: MAFW, folds: 5 },
    fits: async (folders, root) => (await folders.first(root, SETS)) !== null,
  },
  async ({ root, fold, folders, found, wants }) => {
    const places = await folders.requiredFolders(root, CLIPS);
    for (const split of SPLITS.filter(wants)) {
      const file = await folders.required(
        root,
        SETS.map((set) => join(set, `set_${fold}`, `${split}.txt`)),
      );
      for (const { line, text } of await readLines(file)) {
        const [, clip, word = ''] = /^(.+?)[\s,]+(\S+)$/.exec(text) ?? [];
        const label = canonicalLabel(word);
        if (clip === undefined || !MAFW.has(label)) {
          found.unreadable({ file, line }, `"${text}" is not "00001.mp4 label"`);
          continue;
        }
        const media = await clipMedia(
          folders,
          places.map((place) => join(place, clip)),
        );
        if (media === null) found.missing({ file, line }, `no clip ${clip} in ${CLIPS.join(', ')}`);
        else found.clip({ ...media, id: clipName(clip), split, label });
      }
    }
  },
);
