import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { writeTree } from '../../../../test/support/write-tree.js';
import { expressionsInTheWild, fnv1a, personIn } from './expressions-in-the-wild.js';

it('hashes as published', () => {
  // Test vectors of the authors of FNV.
  expect([fnv1a(''), fnv1a('a'), fnv1a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});

it('knows a person by the name without its number', () => {
  expect(
    ['faces/Aaron_Sorkin_0001.jpg', 'faces/Avinash_13.jpg', 'faces/news_2868588k.jpg', 'faces/nobody.jpg'].map(
      personIn,
    ),
  ).toEqual(['Aaron_Sorkin', 'Avinash', 'news', 'nobody']);
});

it('splits by person, and says what is missing or not understood', async () => {
  const root = await scratchDir();
  const names = ['Aaron_Sorkin', 'Ann_Lee', 'Bo_Li', 'Cem_Oz', 'Eve_Ray', 'Avinash'];
  const paths = names.flatMap((name) => [1, 2].map((n) => `faces/${name}_000${n}.jpg`));
  await writeTree(root, {
    ...Object.fromEntries(paths.map((path) => [path, 'picture'])),
    'manifest.csv': [
      'path,label',
      ...paths.map((path) => `${path},Happy`),
      'faces/gone_0001.jpg,fear',
      'a.jpg,bored',
    ].join('\n'),
  });
  const { samples, labels, splits, problems } = await expressionsInTheWild.read(root);
  expect(samples.map(({ id }) => id)).toEqual(paths);
  expect([splits, labels.size]).toEqual([['train', 'test'], 8]);
  for (const { subject, split, label } of samples)
    expect([split, label]).toEqual([fnv1a(`ferstream-eitw-1:${subject}`) % 2 === 0 ? 'train' : 'test', 'happiness']);
  // Figures are compared across versions: these must never move.
  expect(Object.fromEntries(samples.map(({ subject, split }) => [subject, split]))).toEqual({
    Aaron_Sorkin: 'train',
    Ann_Lee: 'train',
    Bo_Li: 'test',
    Cem_Oz: 'test',
    Eve_Ray: 'test',
    Avinash: 'train',
  });
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 14],
    ['unreadable-row', 15],
  ]);
});

it('does not take a web search for a person', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'faces/facial-expressions_1k.jpg': 'picture',
    'manifest.csv': 'path,label\nfaces/facial-expressions_1k.jpg,anger',
  });
  const { samples } = await expressionsInTheWild.read(root);
  expect(samples.map(({ subject, label }) => [subject, label])).toEqual([[null, 'anger']]);
});
