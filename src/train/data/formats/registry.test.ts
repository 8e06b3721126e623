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

it('every reader reports a folder that is missing or is not its data set', async () => {
  const empty = await scratchDir();
  for (const reader of READERS) {
    await expect(reader.read('/no/such/folder'), reader.name).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    // RAVDESS is known by its file names alone, so an empty folder is one without recordings.
    if (reader.name !== 'ravdess')
      await expect(reader.read(empty), reader.name).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  }
});

it.each([
  ['ferplus', ['fer2013.csv'], 'fer2013:'],
  ['ferplus', ['train/1/a.jpg', 'train/7/b.jpg'], 'raf-db:'],
  ['manifest', ['happy/a.jpg', 'sad/b.jpg'], 'folders:'],
  ['manifest', ['jaffe/KA.AN1.39.tiff'], 'jaffe:'],
  ['manifest', ['KDEF/AF01/AF01ANS.JPG'], 'kdef:'],
  ['dfew', ['CK+48/anger/S010_004_00000017.png'], 'ck-plus:'],
  ['dfew', ['EXPR_Recognition_Challenge/Train_Set/1.txt'], 'aff-wild2:'],
  ['raf-db', ['manifest.csv'], 'manifest:'],
  ['sfew', ['data/VideoFlash/1001_DFA_ANG_XX.flv'], 'crema-d:'],
])('a reader that refuses names the one that would fit: %s for %j', async (asked, paths, fitting) => {
  const root = await scratchDir();
  await writeTree(root, Object.fromEntries(paths.map((path) => [path, 'x'])));
  await expect(openDataset(`${asked}:${root}`)).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining(`; this looks like ${fitting}${root}`) as string,
  });
});
