import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTroubledDataset } from '../../../test/support/troubled-dataset.js';
import { checkDataset } from './check-dataset.js';
import { deduplicate } from './content.js';
import { openDataset } from './formats/registry.js';

it('counts, and finds copies, people in two splits, damage and missing files', async () => {
  const root = await scratchDir();
  await writeTroubledDataset(root);
  const report = await checkDataset(await openDataset(`manifest:${root}`));
  expect([report.images, report.clips, report.splits]).toEqual([7, 4, ['train', 'test']]);
  expect(
    Object.fromEntries(
      report.classes.flatMap(({ label, samples }) => (Object.keys(samples).length > 0 ? [[label, samples]] : [])),
    ),
  ).toEqual({
    happiness: { train: 5 },
    sadness: { train: 4 },
    anger: { test: 2 },
  });
  expect(report.subjects).toEqual({ train: 3, test: 1 });
  expect(report.subjectsAcrossSplits).toEqual([{ subject: 'Bob', splits: ['train', 'test'] }]);
  expect(report.duplicates).toEqual([
    { ids: ['one.png', 'one-again.png'], splits: ['train'], labels: ['happiness'] },
    {
      ids: ['two.png', 'two-tested.png', 'two-tested-again.png'],
      splits: ['train', 'test'],
      labels: ['sadness', 'anger'],
    },
    // The same video, but only two of the three stretches are the same.
    { ids: ['clip.mp4#2', 'clip.mp4#3'], splits: ['train'], labels: ['happiness'] },
  ]);
  expect(report.unreadableFiles?.map(({ path }) => path.split('/').at(-1))).toEqual(['cut.png', 'empty.mp4']);
  expect(report.problems.map(({ kind, line }) => [kind, line])).toEqual([['missing-file', 10]]);
});

it('drops training samples that are tested on, and later copies; never a test sample', async () => {
  const root = await scratchDir();
  await writeTroubledDataset(root);
  const before = await openDataset(`manifest:${root}`);
  const { dataset, dropped } = await deduplicate(before);
  expect(dropped.map(({ sample, copyOf }) => [sample.id, copyOf.id])).toEqual([
    ['one-again.png', 'one.png'],
    ['two.png', 'two-tested.png'],
    ['clip.mp4#3', 'clip.mp4#2'],
  ]);
  expect(dataset.samples.filter(({ split }) => split === 'test')).toHaveLength(2);
  expect(dataset.samples).toHaveLength(before.samples.length - 3);
  // Nothing is left to drop.
  expect((await deduplicate(dataset)).dropped).toEqual([]);
});
