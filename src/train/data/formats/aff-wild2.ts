import { join, parse } from 'node:path';
import type { Split } from '../sample.js';
import { defineReader } from '../reading/define-reader.js';
import { readIndex } from '../csv.js';
import { AFF_WILD2 } from '../label-maps.js';

const PARTS: readonly { split: Split; folder: string }[] = [
  { split: 'train', folder: 'Train_Set' },
  { split: 'valid', folder: 'Validation_Set' },
];
const INTEGER = /^\s*[+-]?\d+\s*$/;
const CHALLENGE = 'EXPR_Classification_Challenge';

/**
 * Aff-Wild2, expression track: Kollias and Zafeiriou. One sample a video: its face crops (with gaps where no face was found) and a label for
 * every frame of the footage. Frames marked -1 are null: nobody said what they show.
 */
export const affWild2 = defineReader(
  { name: 'aff-wild2', title: 'Aff-Wild2 EXPR', labels: AFF_WILD2.labels },
  async ({ root, folders, found, wants }) => {
    const challenge = await folders.required(root, [
      CHALLENGE,
      `annotations/${CHALLENGE}`,
      `Annotations/${CHALLENGE}`,
      `Third ABAW Annotations/${CHALLENGE}`,
    ]);
    const crops = await folders.required(root, ['cropped_aligned']);
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
          // An unreadable line still stands for a frame: those after it must not move up.
          frameLabels.push(label ?? null);
        }
        const path = join(crops, id);
        // 00001.jpg is the first frame, which has index 0.
        const frames = (await folders.frames(path, frameIndex)).filter(({ index }) => index < frameLabels.length);
        if (frames.length === 0) found.missing({ file, line: null }, `no face crops in cropped_aligned/${id}`);
        else if (frames.every(({ index }) => (frameLabels[index] ?? null) === null)) found.skip('no labelled frame');
        else found.clip({ id, path, frames, frameLabels, split });
      }
    }
  },
);

function frameIndex(picture: string): number | null {
  const number = /^(\d+)\.[a-z]+$/i.exec(picture)?.[1];
  return number === undefined || Number(number) === 0 ? null : Number(number) - 1;
}
