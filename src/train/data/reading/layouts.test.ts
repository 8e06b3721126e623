import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { afew, sfew } from '../formats/afew.js';
import { fer2013 } from '../formats/fer2013.js';
import { folders } from '../formats/folders.js';
import { jaffe } from '../formats/jaffe.js';
import { kdef } from '../formats/kdef.js';
import { splitOfFolder } from './layouts.js';

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

it('reads split folders in which the classes are one folder deeper, in every split', async () => {
  const root = await scratchDir();
  await writeTree(
    root,
    standIns('Train/Train_Aligned_Faces/Angry/a.png', 'Val/Val_Aligned_Faces/Sad/b.png', 'test/test/Happy/c.png'),
  );
  const { samples } = await sfew.read(root);
  expect(samples.map(({ id, split }) => [id, split])).toEqual([
    ['test/test/Happy/c.png', 'test'],
    ['Train/Train_Aligned_Faces/Angry/a.png', 'train'],
    ['Val/Val_Aligned_Faces/Sad/b.png', 'valid'],
  ]);
});

it('reads the aligned faces of SFEW, not the scenes they are cut from as well', async () => {
  const root = await scratchDir();
  await writeTree(
    root,
    standIns(
      'Train/Angry/a.png',
      'Train_Aligned_Faces/Angry/a.png',
      'Val/Sad/b.png',
      'Val_Aligned_Faces_new/Sad/b.png',
    ),
  );
  expect((await sfew.read(root)).samples.map(({ id }) => id)).toEqual([
    'Train_Aligned_Faces/Angry/a.png',
    'Val_Aligned_Faces_new/Sad/b.png',
  ]);
});

it.each([
  ['Training', 'train'],
  ['trainset', 'train'],
  ['TrainData', 'train'],
  ['FER2013Valid', 'valid'],
  ['PublicTest', 'valid'],
  ['ValSet', 'valid'],
  ['PrivateTest', 'test'],
  ['test_set', 'test'],
  ['TestSet', 'test'],
  ['contest', null],
  ['trains', null],
])('knows the split of a folder named %s: %s', (name, split) => {
  expect(splitOfFolder(name)).toBe(split);
});

it('ignores the folder of hidden copies in an archive made on a Mac', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('__MACOSX/set/train/Angry/._a.jpg', 'set/train/Angry/a.jpg', 'set/test/Sad/b.jpg'));
  expect((await fer2013.read(root)).samples.map(({ id }) => id)).toEqual([
    'set/test/Sad/b.jpg',
    'set/train/Angry/a.jpg',
  ]);
});

it('reads pictures as Windows saves them, and counts those that cannot be read', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('happy/a.jfif', 'happy/b.BMP', 'happy/c.bmp', 'happy/notes.txt', 'sad/d.heic'));
  const { samples, leftOut } = await folders.read(root);
  expect(samples.map(({ id, label }) => [id, label])).toEqual([['happy/a.jfif', 'happiness']]);
  expect(leftOut).toEqual({
    '.bmp picture: convert it to JPEG or PNG': 2,
    '.heic picture: convert it to JPEG or PNG': 1,
  });
});

it('names the folders that it does not read because another has the classes', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('ann/happy/a.jpg', 'bob/happy/b.jpg', 'notes/a.txt', 'readme.txt'));
  const { samples, problems } = await folders.read(root);
  expect(samples.map(({ id }) => id)).toEqual(['ann/happy/a.jpg']);
  expect(problems.map(({ file, message }) => [file.slice(root.length + 1), message])).toEqual([
    ['bob', expect.stringMatching(/^is not read: .*ann has the class folders/)],
  ]);
  const divided = await scratchDir();
  await writeTree(divided, standIns('train/ann/happy/a.jpg', 'train/bob/happy/b.jpg', 'test/cid/happy/c.jpg'));
  const { samples: two, problems: one } = await folders.read(divided);
  expect([two.map(({ id, split }) => [id, split]), one.length]).toEqual([
    [
      ['test/cid/happy/c.jpg', 'test'],
      ['train/ann/happy/a.jpg', 'train'],
    ],
    1,
  ]);
});
