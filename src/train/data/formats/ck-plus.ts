import { join } from 'node:path';
import type { FrameFile } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { splitBySubject } from '../splits.js';
import { readLines } from '../csv.js';
import { CK_PLUS } from '../label-maps.js';

const FOLDS = 10;

interface Sequence {
  readonly id: string;
  readonly path: string;
  readonly frames: readonly FrameFile[];
  readonly label: string;
  readonly subject: string;
}

/**
 * CK+: Lucey et al., CVPRW 2010. A sequence runs from a neutral face to the peak of the expression that its label names. About half of
 * the sequences have no label; they are left out. Subjects are dealt to ten folds, as is the custom.
 */
export const ckPlus = defineReader(
  { name: 'ck-plus', title: 'CK+', labels: CK_PLUS.labels, folds: FOLDS },
  async ({ root, fold, folders, found }) => {
    const emotions = await folders.required(root, ['Emotion', 'Emotion_labels/Emotion', 'Emotion_labels']);
    const images = await folders.required(root, [
      'cohn-kanade-images',
      'extended-cohn-kanade-images/cohn-kanade-images',
    ]);
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

function isEmotionFile(name: string): boolean {
  return name.endsWith('_emotion.txt');
}
