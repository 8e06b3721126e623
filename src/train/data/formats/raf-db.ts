import { basename, dirname, parse } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { classWord, collectClassFolders, findClassTree } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';
import { readLines } from '../read-csv.js';
import { RAF_DB } from '../label-maps.js';

/** The list's name is spelt so by its authors; copies in circulation correct it. Some have list and pictures side by side. */
const LISTS = ['EmoLabel/', 'basic/EmoLabel/', ''].flatMap((folder) =>
  ['list_patition_label.txt', 'list_partition_label.txt'].map((name) => folder + name),
);
const IMAGES = ['Image/aligned', 'aligned', 'Image/original', 'original'];
/** Of the compound expressions, whose list has the same name: 11 classes. */
const COMPOUND_CODES = ['8', '9', '10', '11'];

const classOf = (word: string): string | undefined =>
  RAF_DB.codes.get(word) ?? (RAF_DB.labels.has(classWord(word)) ? classWord(word) : undefined);

/**
 * RAF-DB, basic expressions: Li, Deng and Du, CVPR 2017. Aligned faces if present, else the originals. Copies that are class folders, numbered from 1
 * to 7, are read too.
 */
export const rafDb = defineReader(
  {
    ...{ name: 'raf-db', title: 'RAF-DB', labels: RAF_DB.labels },
    fits: async (folders, root) => {
      if ((await folders.first(root, LISTS)) !== null) return true;
      const tree = await findClassTree(folders, root, classOf);
      // Seven numbered classes from 1.
      const numbers = tree === null ? [] : await folders.subfolders(tree.parts[0]!.path);
      return numbers.includes('7') && !numbers.includes('0');
    },
  },
  async (reading) => {
    const { root, folders, found, wants } = reading;
    const tree = (await folders.first(root, LISTS)) === null ? await findClassTree(folders, root, classOf) : null;
    if (tree !== null) {
      await collectClassFolders(reading, tree, { classOf, known: 'the numbers 1 to 7' });
      return;
    }
    const file = await folders.required(root, LISTS);
    const isInFolder = basename(dirname(file)).toLowerCase() === 'emolabel';
    const places = await folders.requiredFolders(isInFolder ? dirname(dirname(file)) : dirname(file), IMAGES);
    const rows = (await readLines(file)).map(({ line, text }) => {
      const [, name, code] = /^(.+?)[\s,]+(\S+)$/.exec(text) ?? [];
      return { line, text, name, code };
    });
    if (COMPOUND_CODES.every((code) => rows.some((row) => row.code === code)))
      throw new FerError(
        'CONFIG_INVALID',
        `${file} lists compound expressions, in 11 classes: give the folder of the basic expressions, "basic"`,
      );
    for (const { line, text, name, code } of rows) {
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
      let path: string | null = null;
      for (const place of places) path ??= await folders.first(place, [`${parse(name).name}_aligned.jpg`, name]);
      if (path === null) found.missing({ file, line }, `no image of ${name} in Image/aligned or Image/original`);
      else found.image({ id: name, path, split, label });
    }
  },
);
