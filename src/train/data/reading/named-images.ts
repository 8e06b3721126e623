import { basename, relative, sep } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { isImageName } from '../../../ingest/media-names.js';
import { splitBySubject } from '../splits.js';
import type { Reading } from './define-reader.js';
import { allFiles } from './folder-listing.js';
import type { Folders } from './folder-listing.js';

/** How the files of a set are named. */
export interface ImageNaming {
  /** With the groups `subject` and `code`. */
  readonly pattern: RegExp;
  /** Upper-case code to label. */
  readonly codes: ReadonlyMap<string, string>;
  readonly example: string;
  readonly folds: number;
}

/** Reads a set whose file names contain everything, in any folders; people are assigned to folds. */
export async function collectNamedImages(
  { root, fold, folders, found }: Reading,
  { pattern, codes, example, folds }: ImageNaming,
): Promise<void> {
  await folders.requiredFolder(root);
  const images: { id: string; path: string; label: string; subject: string }[] = [];
  for (const path of (await allFiles(folders, root)).filter(isImageName)) {
    const { subject, code } = pattern.exec(basename(path))?.groups ?? {};
    const label = codes.get(code?.toUpperCase() ?? '');
    if (subject === undefined || label === undefined)
      found.unreadable(
        { file: path, line: null },
        `the name is not like "${example}", with one of ${[...codes.keys()].join(', ')}`,
      );
    else images.push({ id: relative(root, path).split(sep).join('/'), path, label, subject: subject.toUpperCase() });
  }
  if (images.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${root}: contains no images named like "${example}": give the root folder of the data set`,
    );
  const splitOf = splitBySubject(
    images.map(({ subject }) => subject),
    fold,
    folds,
  );
  for (const image of images) found.image({ ...image, split: splitOf(image.subject) });
}

/** Whether most images below a folder are named so. */
export async function areNamed(folders: Folders, root: string, pattern: RegExp): Promise<boolean> {
  const images = (await allFiles(folders, root)).filter(isImageName);
  return images.filter((path) => pattern.test(basename(path))).length > images.length / 2;
}
