import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { jaffe } from '../formats/jaffe.js';
import { kdef } from '../formats/kdef.js';

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
