import { join, parse } from 'node:path';
import type { FrameFile, Split } from '../sample.js';
import type { Folders } from '../reading/folder-listing.js';
import { defineReader } from '../reading/define-reader.js';
import { readIndex } from '../read-csv.js';
import { AFF_WILD2 } from '../label-maps.js';

const PARTS: readonly { split: Split; folder: string }[] = [
  { split: 'train', folder: 'Train_Set' },
  { split: 'valid', folder: 'Validation_Set' },
];
const INTEGER = /^\s*[+-]?\d+\s*$/;
/** As the third to fifth, and the sixth to eighth ABAW competitions name it. */
const CHALLENGES = ['EXPR_Classification_Challenge', 'EXPR_Recognition_Challenge'];
/** Face crops are in one of these, or in several: those of fifty later videos were handed out apart. */
const CROPS = [
  'cropped_aligned',
  'cropped_aligned_new_50_vids',
  'cropped_aligned_images/cropped_aligned',
  'cropped_aligned_images',
];

/**
 * Aff-Wild2, expression track: Kollias and Zafeiriou. One sample a video: its face crops (with gaps where no face was found) and a label for
 * every frame of the footage. Frames marked -1 are null: unlabelled.
 */
export const affWild2 = defineReader(
  {
    ...{ name: 'aff-wild2', title: 'Aff-Wild2 EXPR', labels: AFF_WILD2.labels },
    fits: async (folders, root) => (await folders.first(root, await challengePlaces(folders, root))) !== null,
  },
  async ({ root, folders, found, wants }) => {
    const challenge = await folders.required(root, await challengePlaces(folders, root));
    const crops = await folders.requiredFolders(root, CROPS);
    for (const { split, folder } of PARTS.filter((part) => wants(part.split))) {
      const annotations = await folders.required(challenge, [folder]);
      for (const name of (await folders.files(annotations)).filter((candidate) => candidate.endsWith('.txt'))) {
        const file = join(annotations, name);
        const id = parse(name).name;
        const frameLabels: (string | null)[] = [];
        const lines = (await readIndex(file)).trimEnd().split('\n');
        // The header names the classes; its line is not a frame.
        const headerLines = INTEGER.test(lines[0] ?? '') ? 0 : 1;
        for (const [index, text] of lines.slice(headerLines).entries()) {
          const label = AFF_WILD2.codes.get(text.trim());
          if (label === undefined)
            found.unreadable({ file, line: index + headerLines + 1 }, `"${text}" is not a class from 0 to 7, or -1`);
          // An unreadable line still counts as a frame: those after it must not move up.
          frameLabels.push(label ?? null);
        }
        // 00001.jpg is the first frame, which has index 0.
        let [path, frames]: [string, readonly FrameFile[]] = ['', []];
        for (const place of crops) {
          if (frames.length > 0) break;
          path = join(place, id);
          frames = (await folders.frames(path, frameIndex)).filter(({ index }) => index < frameLabels.length);
        }
        if (frames.length === 0) found.missing({ file, line: null }, `no face crops of ${id} in ${CROPS.join(', ')}`);
        else if (frames.every(({ index }) => (frameLabels[index] ?? null) === null)) found.skip('no labelled frame');
        else found.clip({ id, path, frames, frameLabels, split });
      }
    }
  },
);

/** Below the root, or one or two folders deeper: "annotations", "3rd ABAW Annotations/Third ABAW Annotations" ... */
async function challengePlaces(folders: Folders, root: string): Promise<string[]> {
  const places = ['.'];
  for (const folder of await folders.subfolders(root)) {
    places.push(folder);
    // Crops are folders of hundreds of thousands of pictures, not of annotations.
    if (/crop/i.test(folder)) continue;
    places.push(...(await folders.subfolders(join(root, folder))).map((name) => join(folder, name)));
  }
  return places.flatMap((folder) => CHALLENGES.map((name) => join(folder, name)));
}

function frameIndex(picture: string): number | null {
  const number = /^(\d+)\.[a-z]+$/i.exec(picture)?.[1];
  return number === undefined || Number(number) === 0 ? null : Number(number) - 1;
}
