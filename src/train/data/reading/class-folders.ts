import { join, parse } from 'node:path';
import type { LabelSet } from '../../../model/label-set.js';
import { isImageName, isVideoName } from '../../../ingest/media-names.js';
import type { Split } from '../sample.js';
import type { Reading } from './define-reader.js';
import { canonicalLabel } from '../label-maps.js';

const SPLIT_FOLDERS: readonly [RegExp, Split][] = [
  [/^train/i, 'train'],
  [/^val/i, 'valid'],
  [/^test/i, 'test'],
];

/** Reads a set that is a folder for each split with a folder for each class in it: images, videos, or folders of frames. */
export async function collectClassFolders({ root, folders, found, wants }: Reading, labels: LabelSet): Promise<void> {
  await folders.required(root, ['Train', 'train', 'Val', 'val', 'Train_AFEW', 'Val_AFEW', 'Test', 'test']);
  for (const splitFolder of await folders.subfolders(root)) {
    const split = SPLIT_FOLDERS.find(([pattern]) => pattern.test(splitFolder))?.[1];
    if (split === undefined || !wants(split)) continue;
    for (const classFolder of await folders.subfolders(join(root, splitFolder))) {
      const place = join(root, splitFolder, classFolder);
      const label = canonicalLabel(classFolder);
      if (!labels.has(label)) {
        found.unreadable(
          { file: place, line: null },
          `"${classFolder}" is not a class; known are ${labels.labels.join(', ')}`,
        );
        continue;
      }
      const idOf = (name: string): string => `${splitFolder}/${classFolder}/${name}`;
      for (const name of await folders.files(place)) {
        const fields = { id: idOf(name), path: join(place, name), split, label };
        if (isImageName(name)) found.image(fields);
        else if (isVideoName(name)) found.clip(fields);
      }
      const videos = new Set((await folders.files(place)).filter(isVideoName).map((name) => parse(name).name));
      for (const name of await folders.subfolders(place)) {
        // Frames cut from a video that lies beside them are the same clip once more.
        if (videos.has(name)) continue;
        const path = join(place, name);
        const frames = await folders.frames(path);
        if (frames.length === 0) found.missing({ file: path, line: null }, 'no picture in this folder');
        else found.clip({ id: idOf(name), path, frames, split, label });
      }
    }
  }
}
