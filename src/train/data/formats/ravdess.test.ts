import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { ravdess } from './ravdess.js';

it('reads file names, takes each recording once, and keeps an actor in one split', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns(
      'Video_Speech_Actor_01/Actor_01/01-01-02-01-01-01-01.mp4',
      'Video_Speech_Actor_01/Actor_01/02-01-02-01-01-01-01.mp4',
    ),
    ...standIns(
      'Actor_02/02-01-08-01-01-01-02.mp4',
      'Actor_02/03-01-08-01-01-01-02.wav',
      'Actor_02/02-01-09-01-01-01-02.mp4',
      'Actor_03/holiday.mp4',
    ),
  });
  const { samples, problems, leftOut } = await ravdess.read(root);
  expect(samples.map(({ label, subject, split }) => [label, subject, split])).toEqual([
    ['surprise', '02', 'train'],
    ['calm', '01', 'test'],
  ]);
  expect(leftOut).toEqual({ 'the same take without sound': 1 });
  expect(problems.map(({ kind, file }) => [kind, file.split('/').at(-1)])).toEqual([
    ['unreadable-row', '02-01-09-01-01-01-02.mp4'],
    ['unreadable-row', 'holiday.mp4'],
  ]);
});
