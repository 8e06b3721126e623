import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { mafw } from './mafw.js';

const SET = 'Train & Test Set/single/no_caption/set_3';

it('reads eleven classes of the given fold, from videos or their frames', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    [`${SET}/train.txt`]: '00001.mp4 anger\r\n00002.mp4 helplessness\r\n00009.mp4 fear\r\n',
    [`${SET}/test.txt`]: '00003.mp4 disappointment\n00004.mp4 12\n',
    ...standIns('data/clips/00001.mp4', 'data/clips/00002.mp4', 'data/frames/00003/1.png', 'data/frames/00003/2.png'),
  });
  const { samples, problems, labels } = await mafw.read(root, { fold: 3 });
  expect(labels.size).toBe(11);
  expect(samples.map(({ id, label, split, frames }) => [id, label, split, frames?.length ?? null])).toEqual([
    ['00001', 'anger', 'train', null],
    ['00002', 'helplessness', 'train', null],
    ['00003', 'disappointment', 'test', 2],
  ]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 3],
    ['unreadable-row', 2],
  ]);
  await expect(mafw.read(root, { fold: 1 })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
});
