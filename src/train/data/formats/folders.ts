import { FerError } from '../../../errors/fer-error.js';
import { EXPRESSIONS_8 } from '../../../model/label-set.js';
import { plainWord, readClassWords } from '../class-words.js';
import type { ClassWords } from '../class-words.js';
import { classWord, collectClassFolders, findClassTree, splitOfFolder } from '../reading/layouts.js';
import type { ClassOf } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';

/** Files next to the class folders that translate their names. */
const WORD_FILES = ['labels.txt', 'labels.csv', 'labels.json', 'classes.txt'];

/**
 * Own data: a folder for each class, with images, videos or folders of frames in it; with or without a folder for each split around them. Class words in
 * another language, and numbers, are explained by a file.
 */
export const folders = defineReader(
  {
    name: 'folders',
    title: 'class folders',
    ...{ labels: null, ownClasses: true },
    fits: async (tree, root) => (await findClassTree(tree, root, knownClass)) !== null,
  },
  async (reading) => {
    const { root, folders: tree, words: given } = reading;
    await tree.requiredFolder(root);
    const file = given === null ? await tree.first(root, WORD_FILES) : null;
    const words = given ?? (file === null ? null : await readClassWords(file));
    const classOf = words === null ? anyClass : classIn(words);
    // Folders of known classes show where to look; without any, all folders with files are classes.
    const found =
      (await findClassTree(tree, root, words === null ? knownClass : classOf)) ??
      (await findClassTree(tree, root, anyClass));
    if (found === null)
      throw new FerError(
        'INPUT_NOT_FOUND',
        `${root}: contains no folders of images or videos: make one for each class`,
      );
    const number =
      words === null
        ? await firstNumber(
            reading,
            found.parts.map(({ path }) => path),
          )
        : null;
    if (number !== null) {
      throw new FerError(
        'CONFIG_INVALID',
        `${root}: class folder "${number}" is a number: say what the numbers mean with --labels FILE, in lines such as "${number} = happiness"`,
      );
    }
    await collectClassFolders(reading, found, {
      classOf,
      known: words === null ? '' : [...words.keys()].join(', '),
      allSplits: true,
    });
  },
);

function knownClass(word: string): string | undefined {
  return EXPRESSIONS_8.has(classWord(word)) ? classWord(word) : undefined;
}

/** Any folder but one of a split. */
function anyClass(word: string): string | undefined {
  return splitOfFolder(word) === null ? classWord(word) : undefined;
}

function classIn(words: ClassWords): ClassOf {
  return (word) => {
    const plain = plainWord(word);
    if (words.has(plain)) return words.get(plain);
    // What the file does not name may be plain already.
    return knownClass(word);
  };
}

async function firstNumber(
  { folders: tree }: { folders: { subfolders(folder: string): Promise<readonly string[]> } },
  parts: readonly string[],
): Promise<string | null> {
  for (const part of parts) {
    const number = (await tree.subfolders(part)).find((name) => /^\d+$/.test(name));
    if (number !== undefined) return number;
  }
  return null;
}
