import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { unsplitLine } from '../sample.js';
import { openSplit } from './open-faces.js';

it('gives all of a data set without splits, whichever split is asked for, and one line about it', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns('happy/a.jpg', 'sad/b.jpg', 'a.png'),
    'manifest.csv': 'path,label\na.png,happy\n',
  });
  for (const [data, count] of [
    [`folders:${root}`, 2],
    [`manifest:${root}`, 1],
  ] as const) {
    for (const split of ['train', 'valid', 'test'] as const) {
      const dataset = await openSplit({ data, split });
      expect(dataset.samples.length).toBe(count);
      expect(unsplitLine(dataset)).toMatch(/^(folders|manifest): no splits, so all of it is used \(\d samples\)$/);
    }
  }
});

it('refuses a split that a data set with splits does not have', async () => {
  const root = await scratchDir();
  await writeTree(root, standIns('train/happy/a.jpg', 'train/sad/b.jpg'));
  await expect(openSplit({ data: `folders:${root}`, split: 'test' })).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('no samples in the test split') as string,
  });
  expect(unsplitLine(await openSplit({ data: `folders:${root}`, split: 'train' }))).toBeNull();
});
