import { dirname, join, parse } from 'node:path';
import { defineReader } from '../reading/define-reader.js';
import { readLines } from '../csv.js';
import { RAF_DB } from '../label-maps.js';

/** The list's name is spelt so by its authors; copies in circulation correct it. */
const LISTS = [
  'EmoLabel/list_patition_label.txt',
  'basic/EmoLabel/list_patition_label.txt',
  'EmoLabel/list_partition_label.txt',
];

/** RAF-DB, basic expressions: Li, Deng and Du, CVPR 2017. Aligned faces where they are at hand, else the originals. */
export const rafDb = defineReader(
  { name: 'raf-db', title: 'RAF-DB', labels: RAF_DB.labels },
  async ({ root, folders, found, wants }) => {
    const file = await folders.required(root, LISTS);
    const images = join(dirname(dirname(file)), 'Image');
    for (const { line, text } of await readLines(file)) {
      const [, name, code] = /^(.+?)\s+(\S+)$/.exec(text) ?? [];
      const label = RAF_DB.codes.get(code ?? '');
      const split = name?.startsWith('train') === true ? 'train' : name?.startsWith('test') === true ? 'test' : null;
      if (name === undefined || label === undefined || label === null || split === null) {
        found.unreadable(
          { file, line },
          `"${text}" is not "train_00001.jpg 5": a name beginning with train or test and a class from 1 to 7`,
        );
        continue;
      }
      if (!wants(split)) continue;
      const path = await folders.first(images, [
        join('aligned', `${parse(name).name}_aligned.jpg`),
        join('aligned', name),
        join('original', name),
      ]);
      if (path === null) found.missing({ file, line }, `no image of ${name} in Image/aligned or Image/original`);
      else found.image({ id: name, path, split, label });
    }
  },
);
