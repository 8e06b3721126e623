import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { affWild2 } from './aff-wild2.js';

const HEADER = 'Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other';

it('reads labels by frame: header, -1, gaps in the crops, numbers from 1', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'EXPR_Classification_Challenge/Train_Set/12-24-1920x1080.txt': `${HEADER}\r\n0\r\n-1\r\n4\r\n7\r\n`,
    'EXPR_Classification_Challenge/Validation_Set/video 3_left.txt': `${HEADER}\n1\n1\n`,
    // 00003 is missing: no face was found; 00005 is beyond the last label.
    ...standIns(
      'cropped_aligned/12-24-1920x1080/00001.jpg',
      'cropped_aligned/12-24-1920x1080/00002.jpg',
      'cropped_aligned/12-24-1920x1080/00004.jpg',
    ),
    ...standIns(
      'cropped_aligned/12-24-1920x1080/00005.jpg',
      'cropped_aligned/12-24-1920x1080/.DS_Store',
      'cropped_aligned/video 3_left/00002.jpg',
    ),
  });
  const { samples, splits, problems } = await affWild2.read(root);
  expect(problems).toEqual([]);
  expect(splits).toEqual(['train', 'valid']);
  expect(samples.map(({ id, kind, label, split }) => ({ id, kind, label, split }))).toEqual([
    { id: '12-24-1920x1080', kind: 'clip', label: null, split: 'train' },
    { id: 'video 3_left', kind: 'clip', label: null, split: 'valid' },
  ]);
  expect(samples[0]!.frameLabels).toEqual(['neutral', null, 'happiness', 'other']);
  expect(samples[0]!.frames!.map(({ index }) => index)).toEqual([0, 1, 3]);
  expect(samples[1]!.frames!.map(({ index }) => index)).toEqual([1]);
});

it('names the line of a label that is none, and keeps later frames in their places', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'EXPR_Classification_Challenge/Train_Set/a.txt': `${HEADER}\n0\n9\n\n5\n`,
    'EXPR_Classification_Challenge/Train_Set/gone.txt': `${HEADER}\n0\n`,
    'EXPR_Classification_Challenge/Train_Set/nothing.txt': `${HEADER}\n-1\n`,
    ...standIns('cropped_aligned/a/00001.jpg', 'cropped_aligned/nothing/00001.jpg'),
  });
  const { samples, problems, leftOut } = await affWild2.read(root, { split: 'train' });
  expect(samples.map(({ frameLabels }) => frameLabels)).toEqual([['neutral', null, null, 'sadness']]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['unreadable-row', 3],
    ['unreadable-row', 4],
    ['missing-file', null],
  ]);
  expect(leftOut).toEqual({ 'no labelled frame': 1 });
});

it('refuses a folder that is not the data set', async () => {
  await expect(affWild2.read(await scratchDir())).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
});

it.each(['', '6th ABAW Annotations/'])('reads the names of the 6th to 8th competition (%s)', async (folder) => {
  const root = await scratchDir();
  const annotations = `${folder}EXPR_Recognition_Challenge`;
  await writeTree(root, {
    [`${annotations}/Train_Set/1.txt`]: 'Neutral,Anger\n0\n4\n',
    [`${annotations}/Validation_Set/2.txt`]: 'Neutral,Anger\n-1\n6\n',
    ...standIns('cropped_aligned/1/00001.jpg', 'cropped_aligned_new_50_vids/2/00002.jpg'),
  });
  const { samples, problems } = await affWild2.read(root);
  expect(samples.map(({ id, split, path }) => [id, split, path.slice(root.length + 1)])).toEqual([
    ['1', 'train', 'cropped_aligned/1'],
    ['2', 'valid', 'cropped_aligned_new_50_vids/2'],
  ]);
  expect(problems).toEqual([]);
});

it('reads annotations two folders down', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    '3rd ABAW Annotations/Third ABAW Annotations/EXPR_Classification_Challenge/Train_Set/1.txt': `${HEADER}\n4\n`,
    '3rd ABAW Annotations/Third ABAW Annotations/EXPR_Classification_Challenge/Validation_Set/2.txt': `${HEADER}\n6\n`,
    ...standIns('cropped_aligned/cropped_aligned/1/00001.jpg', 'cropped_aligned/2/00001.jpg'),
  });
  const { samples, problems } = await affWild2.read(root);
  expect([samples.map(({ id, split }) => [id, split]), problems]).toEqual([
    [
      ['1', 'train'],
      ['2', 'valid'],
    ],
    [],
  ]);
});
