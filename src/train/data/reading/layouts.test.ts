import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { afew, sfew } from '../formats/afew.js';
import { jaffe } from '../formats/jaffe.js';
import { kdef } from '../formats/kdef.js';

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

it('reads JAFFE by its file names, one person a fold', async () => {
  const root = await scratchDir();
  await writeTree(
    root,
    standIns('jaffe/KA.AN1.39.tiff', 'jaffe/KM.SU3.18.tiff', 'jaffe/YM.NE2.50.tiff', 'jaffe/x.png'),
  );
  const { samples, problems, labels } = await jaffe.read(root, { fold: 2 });
  expect(samples.map(({ id, label, subject, split }) => [id, label, subject, split])).toEqual([
    ['jaffe/KA.AN1.39.tiff', 'anger', 'KA', 'train'],
    ['jaffe/KM.SU3.18.tiff', 'surprise', 'KM', 'test'],
    ['jaffe/YM.NE2.50.tiff', 'neutral', 'YM', 'train'],
  ]);
  expect([problems.length, labels.size]).toEqual([1, 7]);
});

it('reads KDEF by its file names: a person is the same in both sessions and from all angles', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('AF01/AF01ANS.JPG', 'AF01/AF01AFFL.JPG', 'BF01/BF01SAHR.JPG', 'AM35/AM35HAHL.JPG'));
  const { samples } = await kdef.read(root);
  expect(samples.map(({ label, subject, split }) => [label, subject, split])).toEqual([
    ['fear', 'F01', 'test'],
    ['anger', 'F01', 'test'],
    ['happiness', 'M35', 'train'],
    ['sadness', 'F01', 'test'],
  ]);
});

it('reports when no file has such a name', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('a/1.jpg'));
  await expect(kdef.read(root)).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('no images named like "AF01ANS.JPG"') as string,
  });
});
