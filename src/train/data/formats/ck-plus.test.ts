import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { ckPlus } from './ck-plus.js';

it('reads labels written as floats, leaves out what has none, and keeps subjects in one split', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns(
      'cohn-kanade-images/S005/001/S005_001_00000001.png',
      'cohn-kanade-images/S005/001/S005_001_00000002.png',
      'cohn-kanade-images/S005/002/S005_002_00000001.png',
    ),
    ...standIns(
      'cohn-kanade-images/S010/001/S010_001_00000001.png',
      'cohn-kanade-images/S010/004/S010_004_00000001.png',
      'cohn-kanade-images/S010/.DS_Store',
    ),
    'Emotion/S005/001/S005_001_00000002_emotion.txt': '   3.0000000e+00\n',
    'Emotion/S010/001/S010_001_00000001_emotion.txt': '   7.0000000e+00',
    'Emotion/S010/004/S010_004_00000001_emotion.txt': '   9.0000000e+00',
    'Emotion/S011/001/S011_001_00000001_emotion.txt': '   1.0000000e+00',
  });
  const { samples, problems, leftOut } = await ckPlus.read(root);
  expect(samples.map(({ id, label, subject, split, frames }) => [id, label, subject, split, frames!.length])).toEqual([
    ['S005/001', 'disgust', 'S005', 'test', 2],
    ['S010/001', 'surprise', 'S010', 'train', 1],
  ]);
  expect(leftOut).toEqual({ 'sequence without a label': 1 });
  expect(problems.map(({ kind }) => kind)).toEqual(['unreadable-row', 'missing-file']);
});

it('reads CK+48: peaks in class folders, people assigned to folds', async () => {
  const root = await scratchDir();
  await writeTree(
    root,
    standIns(
      'CK+48/anger/S010_004_00000017.png',
      'CK+48/anger/S010_004_00000018.png',
      'CK+48/contempt/S138_008_00000007.png',
      'CK+48/happy/S010_006_00000013.png',
    ),
  );
  const { samples } = await ckPlus.read(root, { fold: 1 });
  expect(samples.map(({ label, subject, split, kind }) => [label, subject, split, kind])).toEqual([
    ['anger', 'S010', 'test', 'image'],
    ['anger', 'S010', 'test', 'image'],
    ['contempt', 'S138', 'train', 'image'],
    ['happiness', 'S010', 'test', 'image'],
  ]);
});
