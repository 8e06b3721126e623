import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { writeTree } from '../../../../test/support/write-tree.js';
import { openDataset, READERS } from './registry.js';

it('opens FORMAT:DIR, colons and spaces in the folder included', async () => {
  const root = `${await scratchDir()}/a: b`;
  await writeTree(root, { 'manifest.csv': 'path,label\nx.png,happy\n', 'x.png': 'x' });
  const { name, samples } = await openDataset(`manifest:${root}`);
  expect([name, samples.length]).toEqual(['manifest', 1]);
});

it('names the nearest format when there is none of that name', async () => {
  await expect(openDataset('ferpluss:/data')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('did you mean "ferplus"') as string,
  });
  for (const text of ['ferplus', 'ferplus:', ':/data'])
    await expect(openDataset(text)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('every reader says so when the folder is not there or is not its data set', async () => {
  const empty = await scratchDir();
  for (const reader of READERS) {
    await expect(reader.read('/no/such/folder'), reader.name).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    // RAVDESS is known by its file names alone, so an empty folder is one without recordings.
    if (reader.name !== 'ravdess')
      await expect(reader.read(empty), reader.name).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  }
});
