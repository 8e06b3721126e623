import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { afew, sfew } from '../formats/afew.js';

it('reads AFEW: videos and folders of frames by class, no clip twice', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns(
      'Train/Angry/000046280.avi',
      'Train/Angry/000046280/1.jpg',
      'Train/Happy/a b.avi',
      'Val/Sad/000123/001.png',
      'Val/Sad/notes.txt',
      'Points/Angry/x.png',
    ),
    ...standIns('Val/Bored/1.avi', 'Val/Fear/empty/readme.txt'),
  });
  const { samples, problems } = await afew.read(root);
  expect(samples.map(({ id, kind, label, split, frames }) => [id, kind, label, split, frames?.length ?? null])).toEqual(
    [
      ['Train/Angry/000046280.avi', 'clip', 'anger', 'train', null],
      ['Train/Happy/a b.avi', 'clip', 'happiness', 'train', null],
      ['Val/Sad/000123', 'clip', 'sadness', 'valid', 1],
    ],
  );
  expect(problems.map(({ kind, file }) => [kind, file.slice(root.length + 1)])).toEqual([
    ['unreadable-row', 'Val/Bored'],
    ['missing-file', 'Val/Fear/empty'],
  ]);
});

it('reads SFEW: images in the same folders', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('Train/Disgust/Alex_000345.png', 'Val/Neutral/x.PNG'));
  const { samples } = await sfew.read(root, { split: 'valid' });
  expect(samples.map(({ kind, label }) => [kind, label])).toEqual([['image', 'neutral']]);
});
