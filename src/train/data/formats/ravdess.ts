import { parse } from 'node:path';
import { isVideoName } from '../../../ingest/media-names.js';
import { defineReader } from '../reading/define-reader.js';
import { allFiles } from '../reading/folder-listing.js';
import { splitBySubject } from '../splits.js';
import { RAVDESS } from '../label-maps.js';

const FOLDS = 6;
const NAME = /^\d\d(-\d\d){6}$/;

/**
 * RAVDESS: Livingstone and Russo, PLoS ONE 2018. All that is known is in the file name: modality, channel, emotion, intensity,
 * statement, repetition, actor. No official division, so actors are assigned to six folds of four.
 */
export const ravdess = defineReader(
  {
    ...{ name: 'ravdess', title: 'RAVDESS', labels: RAVDESS.labels, folds: FOLDS },
    fits: async (folders, root) => (await allFiles(folders, root)).some((path) => NAME.test(parse(path).name)),
  },
  async ({ root, fold, folders, found }) => {
    await folders.requiredFolder(root);
    const takes = new Map<string, { path: string; label: string; subject: string }>();
    for (const path of (await allFiles(folders, root)).filter(isVideoName)) {
      const { name } = parse(path);
      const fields = NAME.test(name) ? name.split('-') : [];
      const label = RAVDESS.codes.get(String(Number(fields[2])));
      if (label === undefined || label === null) {
        found.unreadable(
          { file: path, line: null },
          'the name is not seven fields of two digits with an emotion from 01 to 08 as the third',
        );
        continue;
      }
      // Each take is there twice, with sound (01) and without (02): the same pictures.
      const take = fields.slice(1).join('-');
      if (takes.has(take)) found.skip('the same take without sound');
      else takes.set(take, { path, label, subject: fields[6]! });
    }
    const splitOf = splitBySubject(
      [...takes.values()].map(({ subject }) => subject),
      fold,
      FOLDS,
    );
    for (const [id, { path, label, subject }] of takes)
      found.clip({ id, path, label, subject, split: splitOf(subject) });
  },
);
