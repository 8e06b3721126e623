import { basename, join } from 'node:path';
import type { FrameFile } from '../sample.js';
import { classWord, collectClassFolders, findClassTree } from '../reading/layouts.js';
import type { ClassTree } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';
import type { Reading } from '../reading/define-reader.js';
import { allFiles } from '../reading/folder-listing.js';
import { splitBySubject } from '../splits.js';
import { readLines } from '../read-csv.js';
import { CK_PLUS } from '../label-maps.js';

const FOLDS = 10;
const SEQUENCES = ['cohn-kanade-images', 'extended-cohn-kanade-images/cohn-kanade-images'];

interface Sequence {
  readonly id: string;
  readonly path: string;
  readonly frames: readonly FrameFile[];
  readonly label: string;
  readonly subject: string;
}

/**
 * CK+: Lucey et al., CVPRW 2010. A sequence runs from a neutral face to the peak of the expression that its label names. About half of
 * the sequences have no label; they are left out. Also reads CK+48, the last three pictures of each sequence in class folders. Subjects are assigned to ten
 * folds, as is the custom.
 */
export const ckPlus = defineReader(
  {
    ...{ name: 'ck-plus', title: 'CK+', labels: CK_PLUS.labels, folds: FOLDS },
    fits: async (folders, root) => {
      if ((await folders.first(root, SEQUENCES)) !== null) return true;
      const tree = await findClassTree(folders, root, classOf);
      if (tree === null) return false;
      return (await allFiles(folders, tree.parts[0]!.path)).some((path) => personIn(basename(path)) !== null);
    },
  },
  async (reading) => {
    const { root, fold, folders, found } = reading;
    const tree = (await folders.first(root, SEQUENCES)) === null ? await findClassTree(folders, root, classOf) : null;
    if (tree !== null) {
      await collectPeaks(reading, tree);
      return;
    }
    const emotions = await folders.required(root, ['Emotion', 'Emotion_labels/Emotion', 'Emotion_labels']);
    const images = await folders.required(root, SEQUENCES);
    const sequences: Sequence[] = [];
    for (const subject of await folders.subfolders(images)) {
      for (const name of await folders.subfolders(join(images, subject))) {
        if (!(await folders.files(join(emotions, subject, name))).some(isEmotionFile))
          found.skip('sequence without a label');
      }
    }
    for (const subject of await folders.subfolders(emotions)) {
      for (const name of await folders.subfolders(join(emotions, subject))) {
        const emotion = (await folders.files(join(emotions, subject, name))).find(isEmotionFile);
        if (emotion === undefined) continue;
        const file = join(emotions, subject, name, emotion);
        const [row] = await readLines(file);
        // Written as a float, "3.0000000e+00".
        const label = row === undefined ? undefined : CK_PLUS.codes.get(String(Number(row.text)));
        const path = join(images, subject, name);
        const frames = await folders.frames(path);
        if (label === undefined || label === null)
          found.unreadable({ file, line: row?.line ?? null }, `"${row?.text ?? ''}" is not a class from 0 to 7`);
        else if (frames.length === 0)
          found.missing({ file, line: null }, `no pictures in cohn-kanade-images/${subject}/${name}`);
        else sequences.push({ id: `${subject}/${name}`, path, frames, label, subject });
      }
    }
    const splitOf = splitBySubject(
      sequences.map(({ subject }) => subject),
      fold,
      FOLDS,
    );
    for (const sequence of sequences) found.clip({ ...sequence, split: splitOf(sequence.subject) });
  },
);

const classOf = (word: string): string | undefined =>
  CK_PLUS.labels.has(classWord(word)) ? classWord(word) : undefined;

/** "S010_004_00000017.png". */
function personIn(name: string): string | null {
  return /^(S\d{3})_\d+_\d+\./.exec(name)?.[1] ?? null;
}

async function collectPeaks(reading: Reading, tree: ClassTree): Promise<void> {
  const { folders, fold } = reading;
  const people = (await Promise.all(tree.parts.map(({ path }) => allFiles(folders, path))))
    .flat()
    .flatMap((path) => personIn(basename(path)) ?? []);
  const splitOf = splitBySubject(people, fold, FOLDS);
  await collectClassFolders(
    reading,
    { ...tree, hasSplits: false },
    {
      ...{ classOf, known: CK_PLUS.labels.labels.join(', '), subjectOf: personIn },
      splitOf: (person) => (person === null ? 'train' : splitOf(person)),
    },
  );
}

function isEmotionFile(name: string): boolean {
  return name.endsWith('_emotion.txt');
}
