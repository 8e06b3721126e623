import { relative } from 'node:path';
import { isImageName, isVideoName } from '../../../ingest/media-names.js';
import { FerError } from '../../../errors/fer-error.js';
import { AFEW } from '../label-maps.js';
import { classWord, collectClassFolders, findClassTree } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';
import type { ClassTree } from '../reading/layouts.js';
import type { Reading } from '../reading/define-reader.js';
import { allFiles } from '../reading/folder-listing.js';
import type { Folders } from '../reading/folder-listing.js';

/** AFEW: Dhall et al., IEEE MultiMedia 2012; film clips in a folder for each class. */
export const afew = defineReader(
  { name: 'afew', title: 'AFEW', labels: AFEW, fits: (folders, root) => holds(folders, root, isVideoName) },
  collect,
);

/** SFEW: single frames of AFEW's films, in the same folders and classes. */
export const sfew = defineReader(
  { name: 'sfew', title: 'SFEW', labels: AFEW, fits: (folders, root) => holds(folders, root, isSfewName) },
  collect,
);

const classOf = (word: string): string | undefined => (AFEW.has(classWord(word)) ? classWord(word) : undefined);

async function collect(reading: Reading): Promise<void> {
  const { folders, root } = reading;
  await folders.requiredFolder(root);
  const tree = await findClassTree(folders, root, classOf);
  if (tree?.hasSplits !== true)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${root}: contains no "Train" or "Val" with a folder for each class: give the root folder of the data set`,
    );
  // SFEW is handed out as scenes and as aligned faces of the same frames.
  const isAligned = ({ path }: ClassTree['parts'][number]): boolean => /aligned/i.test(relative(root, path));
  const parts = tree.parts.filter(
    (part) => isAligned(part) || !tree.parts.some((other) => other.split === part.split && isAligned(other)),
  );
  await collectClassFolders(reading, { ...tree, parts }, { classOf, known: AFEW.labels.join(', ') });
}

async function holds(folders: Folders, root: string, isOne: (name: string) => boolean): Promise<boolean> {
  const tree = await findClassTree(folders, root, classOf);
  if (tree?.hasSplits !== true) return false;
  const files = (await allFiles(folders, tree.parts[0]!.path)).filter((name) => isImageName(name) || isVideoName(name));
  return files.length > 0 && files.every(isOne);
}

/** "Airheads_000519240_00000005.png": film, time, face. */
function isSfewName(name: string): boolean {
  return isImageName(name) && /_\d{9}(_\d+)?\.\w+$/.test(name);
}
